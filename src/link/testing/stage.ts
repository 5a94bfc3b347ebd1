import type { Stage } from '../../host/acceptance/index.ts';
import { type ProcessOptions, TestProcess } from './process.ts';

/** Where the suite of links plays: up to three processes on machines of their own, real or simulated. */
export interface LinkStage extends Stage {
  /** Those that play, to be closed in the end. */
  readonly processes: TestProcess[];
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>;
  /** Where process number `index` runs. */
  place(index: number): Pick<ProcessOptions, 'host' | 'ip'>;
}

export type ProcessChoices = Omit<ProcessOptions, 'host' | 'ip' | 'session'> & {
  readonly session?: string;
  /** Its place; by default that in the list. */
  readonly at?: number;
};

type Processes = readonly [TestProcess, TestProcess, ...TestProcess[]];

/** Processes that listen. */
export async function processes(
  stage: LinkStage,
  ...choices: readonly ProcessChoices[]
): Promise<Processes> {
  const made = choices.map((choice, index) => {
    const session = choice.session ?? `session-${index}`;
    const process = new TestProcess({ ...stage.place(choice.at ?? index), ...choice, session });
    stage.processes.push(process);
    return process;
  });
  await stage.until(() => made.every(({ ready }) => ready), 'all listen');
  return made as unknown as Processes;
}

/** Two processes with a link between them. */
export async function linked(
  stage: LinkStage,
  left: ProcessChoices = {},
  right: ProcessChoices = {},
): Promise<readonly [TestProcess, TestProcess]> {
  const key = { clusterKey: 'the key' };
  const [a, b] = await processes(stage, { ...key, ...left }, { ...key, ...right });
  a.connect(b);
  await stage.until(() => a.isUp(b) && b.isUp(a), 'the link stands');
  return [a, b];
}
