import type { DiskOutcome, Done } from '../../../host/index.ts';
import {
  calm,
  createSimulation,
  type DiskProfile,
  type SimulatedHost,
  type Simulation,
} from '../../index.ts';

export interface Stage {
  readonly simulation: Simulation;
  readonly host: SimulatedHost;
  /** Runs one operation to its completion. */
  do<T>(begin: (done: Done<T>) => void): DiskOutcome<T>;
  /** The same, which has to succeed. */
  ok<T>(begin: (done: Done<T>) => void): T;
}

/** A calm simulation with one host, and its disk as told. */
export function stage(seed: number, disk: Partial<DiskProfile> = {}): Stage {
  const simulation = createSimulation({ seed, profile: { ...calm, disk: { ...calm.disk, ...disk } } });
  const host = simulation.host('a');
  const run = <T>(begin: (done: Done<T>) => void): DiskOutcome<T> => {
    let outcome: DiskOutcome<T> | undefined;
    begin((settled) => {
      outcome = settled;
    });
    simulation.runUntil(() => outcome !== undefined, 10_000);
    return outcome as unknown as DiskOutcome<T>;
  };
  const ok = <T>(begin: (done: Done<T>) => void): T => {
    const outcome = run(begin);
    if (!outcome.ok) throw new Error(`${outcome.failure.kind}: ${outcome.failure.message} (seed ${seed})`);
    return outcome.value;
  };
  return { simulation, host, do: run, ok };
}
