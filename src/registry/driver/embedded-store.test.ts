import { Simulation } from '../../simulator/index.ts';
import { limits } from '../limits.ts';
import type { StoreEvent } from '../store.ts';
import { storeAcceptance } from '../testing/store-acceptance.ts';
import { EmbeddedStore } from './embedded-store.ts';

storeAcceptance('embedded', async (options = {}) => {
  const simulation = new Simulation({ seed: 1 });
  const host = simulation.host('registry');
  const events: StoreEvent[] = [];
  const store = new EmbeddedStore({ ...options, host, observe: (event) => events.push(event) });
  return {
    store,
    events,
    holdMs: limits.massExpiryHoldMs,
    recoverMs: limits.massExpiryRecoverMs,
    pass: async (ms) => simulation.runFor(ms),
    until: async (condition, what) => {
      if (!simulation.runUntil(condition, 60_000)) throw new Error(`Waited in vain: ${what}.`);
    },
    stall: async (ms) => {
      host.pause();
      simulation.runFor(ms);
      host.resume();
    },
    close: async () => store.close(),
  };
});
