import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilReal } from '../host/acceptance/index.ts';
import { nodeHost } from '../host/node/index.ts';
import { createSimulation } from '../simulator/index.ts';
import { journalAcceptance } from './testing/acceptance.ts';

const seed = 7;

journalAcceptance('Node', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-journal-'));
  return {
    host: nodeHost({ faultsAllowed: true }),
    folder,
    byteStep: 9,
    until: untilReal,
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
});

journalAcceptance('simulated', () => {
  const simulation = createSimulation({ seed });
  return {
    host: simulation.host('a'),
    folder: '/data',
    byteStep: 1,
    until: async (condition, what) => {
      if (simulation.runUntil(condition, 600_000)) return;
      throw new Error(`Ran 600 s of virtual time in vain: ${what} (seed ${seed}).`);
    },
  };
});
