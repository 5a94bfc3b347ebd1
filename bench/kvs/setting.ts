import { cpus, loadavg } from 'node:os';
import { setTimeout as pass } from 'node:timers/promises';
import { dataFolder, fileSystemOf, syncUs } from './disk.ts';
import { LoadProgram, type Target } from './load.ts';
import type { Store } from './stores/store.ts';

const attemptsMax = 50;
const betweenAttemptsMs = 200;
const checkedKeys = 1_000;
const busy =
  '**Other work took most of the machine during this run**: all were slower; who has more threads got more.';

/** What every part of this bench stands on: the load program, and where the servers keep their data. */
export interface Setting {
  readonly load: LoadProgram;
  readonly folder: string;
  /** For the method: the disk, and how busy the machine is. */
  readonly describe: () => readonly string[];
}

export function prepare(): Setting {
  // What was started ends with this process, and this process ends on Ctrl-C.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const folder = dataFolder();
  const load = LoadProgram.compile(folder);
  const disk = fileSystemOf(folder);
  const atStart = loadavg()[0] as number;
  const beforeUs = syncUs(folder);
  const describe = (): readonly string[] => [
    `All data is under \`.holdfast\` of the checkout: ${disk}. 256 bytes appended and made durable with`,
    `fdatasync, one after the other, took ${(beforeUs / 1_000).toFixed(2)} ms before and`,
    `${(syncUs(folder) / 1_000).toFixed(2)} ms after (medians). Load average over a minute, on`,
    `${cpus().length} processors: ${atStart.toFixed(1)} before and ${(loadavg()[0] as number).toFixed(1)} at`,
    'the end, servers and load program included.',
    ...(atStart > cpus().length ? [busy] : []),
  ];
  return { load, folder, describe };
}

/**
 * Reads keys, writes them anew and reads them from the same server: what is measured does happen. A replica
 * that has not got everything yet is asked again.
 */
export async function mustBeRight(load: LoadProgram, target: Target): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const options = ['--keys', String(checkedKeys), '--connections', '30'];
    const { wrong } = await load.run(target, 'check', options);
    if (wrong === 0) return;
    if (attempt === attemptsMax)
      throw new Error(`${wrong} of ${checkedKeys} keys are not as they were written (${target.protocol}).`);
    await pass(betweenAttemptsMs);
  }
}

export async function stopAll(stores: readonly Store[]): Promise<void> {
  await Promise.all(stores.map((store) => store.stop()));
}
