import {
  clockAcceptance,
  type DiskStage,
  diskAcceptance,
  type NetworkStage,
  networkAcceptance,
  randomAcceptance,
  type Stage,
} from '../host/acceptance/index.ts';
import { calm, createSimulation, type FaultProfile, type Simulation } from './index.ts';

const seed = 7;

function until(simulation: Simulation): Stage['until'] {
  return async (condition, what) => {
    if (!simulation.runUntil(condition, 600_000)) {
      throw new Error(`Ran 600 s of virtual time in vain: ${what} (seed ${seed}).`);
    }
  };
}

const lossy: FaultProfile = {
  ...calm,
  network: {
    ...calm.network,
    latencyMsMin: 1,
    latencyMsMax: 20,
    lossChance: 0.05,
    duplicateChance: 0.05,
    reorderChance: 0.05,
    strayMsMax: 300,
    splitChance: 0.3,
  },
};

const drifting: FaultProfile = { ...calm, clock: { offsetMsMax: 100_000, driftMax: 0.05 } };

for (const [name, profile] of [
  ['simulated', calm],
  ['simulated, drifting', drifting],
] as const) {
  clockAcceptance(name, () => {
    const simulation = createSimulation({ seed, profile });
    return { clock: simulation.host('a').clock, until: until(simulation) };
  });
}

randomAcceptance('simulated', () => createSimulation({ seed }).host('a').random);

function networkStage(profile: FaultProfile, client: string): NetworkStage {
  const simulation = createSimulation({ seed, profile });
  return {
    server: simulation.host('server').network,
    client: simulation.host(client).network,
    host: 'server',
    nowhere: { host: 'no host', port: 80 },
    until: until(simulation),
  };
}

networkAcceptance('simulated', () => networkStage(calm, 'client'));
networkAcceptance('simulated, on one host', () => networkStage(calm, 'server'));
networkAcceptance('simulated, over a lossy link', () => networkStage(lossy, 'client'));

diskAcceptance('simulated', async (): Promise<DiskStage> => {
  const simulation = createSimulation({ seed });
  const { disk, faults } = simulation.host('a');
  let made = false;
  disk.makeDirectory('/data', () => {
    made = true;
  });
  simulation.runUntil(() => made, 1000);
  return { disk, folder: '/data', faults, until: until(simulation) };
});
