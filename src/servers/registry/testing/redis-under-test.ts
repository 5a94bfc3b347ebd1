import { randomBytes } from 'node:crypto';
import { createClient } from 'redis';
import { RedisStore, redisAddress } from '../../../registry/index.ts';
import { host } from './registry-under-test.ts';

/** The Redis that tests use. */
export const redisPort = 6379;
export const redisUrl = `redis://127.0.0.1:${redisPort}`;

/** What the keys of one test begin with. */
export function ownPrefix(): string {
  return `holdfast:test:${randomBytes(6).toString('hex')}:`;
}

/** A client of the tests' own. Rejects, saying what to do, when there is no Redis. */
export async function connectToRedis() {
  const client = createClient({ url: redisUrl, socket: { reconnectStrategy: false } });
  client.on('error', () => {});
  await client.connect().catch((cause) => {
    const text = `This test needs a Redis at ${redisUrl}: start one with "redis-server".`;
    throw new Error(text, { cause });
  });
  return client;
}

/** Takes a test's keys away again. */
export async function removeKeys(prefix: string): Promise<void> {
  const client = await connectToRedis();
  const keys: string[] = [];
  for await (const some of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) keys.push(...some);
  if (keys.length > 0) await client.del(keys);
  client.destroy();
}

/** A store as a registry has it, at once or after its wait for a Redis that is away. */
export async function openStore(prefix: string, url = redisUrl): Promise<RedisStore> {
  const store = new RedisStore({ host, address: redisAddress(url, prefix), warmingMs: 0 });
  await store.begun();
  return store;
}
