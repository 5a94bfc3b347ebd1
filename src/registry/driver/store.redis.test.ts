import type { StoreEvent } from '../store.ts';
import { connectToRedis, host, ownAddress, removeKeys } from '../testing/redis.ts';
import { storeAcceptance } from '../testing/store-acceptance.ts';
import { RedisStore } from './redis-store.ts';

const holdMs = 3_000;
const recoverMs = 1_000;

// On the Redis at 127.0.0.1:6379, under keys of its own.
storeAcceptance('Redis', async (options = {}) => {
  (await connectToRedis()).destroy();
  const address = ownAddress();
  const events: StoreEvent[] = [];
  const open = async (): Promise<RedisStore> => {
    const settings = { massExpiryHoldMs: holdMs, massExpiryRecoverMs: recoverMs, ...options };
    const store = new RedisStore({ ...settings, host, address, observe: (event) => events.push(event) });
    await store.begun();
    return store;
  };
  const pass = (ms: number): Promise<void> => new Promise((resolve) => host.clock.setTimer(ms, resolve));
  let store = await open();
  return {
    get store() {
      return store;
    },
    events,
    holdMs,
    recoverMs,
    pass,
    until: async (condition, what) => {
      const endMs = host.clock.nowMs() + 20_000;
      while (!condition()) {
        if (host.clock.nowMs() > endMs) throw new Error(`Waited in vain: ${what}.`);
        await pass(2);
      }
    },
    // Nobody asks Redis for as long as no registry is there.
    stall: async (ms) => {
      store.close();
      await pass(ms);
      store = await open();
    },
    close: async () => {
      store.close();
      await removeKeys(address);
    },
  };
});
