import {
  calm,
  createSimulation,
  type DiskProfile,
  type SimulatedHost,
  type Simulation,
} from '../../simulator/index.ts';
import type { JournalStage } from './stage.ts';

export interface SimulatedStage extends JournalStage {
  readonly simulation: Simulation;
  readonly host: SimulatedHost;
}

/** A calm simulation with one host, and its disk as told. */
export function simulated(seed: number, disk: Partial<DiskProfile> = {}): SimulatedStage {
  const simulation = createSimulation({ seed, profile: { ...calm, disk: { ...calm.disk, ...disk } } });
  return {
    simulation,
    host: simulation.host('a'),
    folder: '/data',
    byteStep: 1,
    until: async (condition, what) => {
      if (!simulation.runUntil(condition, 60_000)) throw new Error(`${what} (seed ${seed})`);
    },
  };
}
