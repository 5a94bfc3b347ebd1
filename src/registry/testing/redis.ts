import { randomBytes } from 'node:crypto';
import { createClient } from 'redis';
import { nodeHost } from '../../host/node/index.ts';
import { type RedisAddress, redisAddress } from '../driver/redis/address.ts';
import { keyNames } from '../driver/redis/prologue.lua.ts';

export const host = nodeHost({ faultsAllowed: true });
export const redisUrl = 'redis://127.0.0.1:6379';

/** Keys of a test's own on the Redis that tests use. */
export function ownAddress(): RedisAddress {
  return redisAddress(redisUrl, `holdfast:test:${randomBytes(6).toString('hex')}:`);
}

/** A client of the tests' own. Rejects, saying what to do, when there is no Redis. */
export async function connectToRedis(url = redisUrl) {
  const client = createClient({ url, socket: { reconnectStrategy: false } });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    const text = `This test needs a Redis at ${url}: start one with "redis-server".`;
    throw new Error(text, { cause: error });
  }
  return client;
}

/** Takes a test's keys away again. */
export async function removeKeys({ url, prefix }: RedisAddress): Promise<void> {
  const client = await connectToRedis(url);
  await client.del(keyNames.map((name) => prefix + name));
  client.destroy();
}
