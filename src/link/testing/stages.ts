import { untilReal } from '../../host/acceptance/index.ts';
import { nodeHost } from '../../host/node/index.ts';
import { calm, createSimulation, type FaultProfile } from '../../simulator/index.ts';
import type { TestHost, TestProcess } from './process.ts';
import type { LinkStage } from './stage.ts';

/** Every process in this one, with a host and a port of its own. */
export function realStage(): LinkStage {
  const hosts: TestHost[] = [];
  const processes: TestProcess[] = [];
  return {
    processes,
    close: () => {
      for (const process of processes) process.close();
    },
    until: untilReal,
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    place: (index) => {
      hosts[index] ??= nodeHost({ faultsAllowed: true });
      return { host: hosts[index], ip: '127.0.0.1' };
    },
  };
}

export function simulatedStage(profile: FaultProfile = calm, seed = 7): LinkStage {
  const simulation = createSimulation({ seed, profile });
  return {
    processes: [],
    until: async (condition, what) => {
      if (!simulation.runUntil(condition, 600_000)) {
        throw new Error(`Ran 600 s of virtual time in vain: ${what} (seed ${seed}).`);
      }
    },
    pass: async (ms) => simulation.runFor(ms),
    place: (index) => {
      const ip = `host-${index}`;
      return { host: simulation.host(ip), ip };
    },
  };
}

export const stages: readonly (readonly [string, () => LinkStage])[] = [
  ['on sockets', realStage],
  ['simulated', simulatedStage],
];
