import { describe, expect, it, vi } from 'vitest';
import { connectToRedis, ownPrefix, redisUrl, removeKeys } from '../testing/redis-under-test.ts';
import type { ProbedServer } from './testing/classic-under-test.ts';
import { onProcesses, type ProcessStage } from './testing/process-stage.ts';
import type { SpawnedRegistry } from './testing/spawned-registry.ts';

const patience = { timeout: 20_000, interval: 20 };

async function unregister(registry: SpawnedRegistry, service: string): Promise<void> {
  const [instance] = await registry.listed(service);
  const path = `/v1/services/${service}/instances/${instance?.id}?incarnation=${instance?.incarnation}`;
  expect(await registry.ask('DELETE', path)).toMatchObject({ status: 200, body: { removed: true } });
}

/** `more` probes of it have come. */
function probed(server: ProbedServer, more: number): Promise<void> {
  const before = server.requests.length;
  return vi.waitFor(() => expect(server.requests.length).toBeGreaterThanOrEqual(before + more), patience);
}

/** When the lease of an instance runs out, in the time of the leases; 0 without one. */
async function leaseEnd(env: Record<string, string>, service: string, { host }: ProbedServer) {
  const redis = await connectToRedis();
  const end = await redis.zScore(`${env.HOLDFAST_REDIS_PREFIX}leases`, `${service}/${service}@${host}`);
  redis.destroy();
  return end ?? 0;
}

// On the Redis at 127.0.0.1:6379, under keys of their own.
describe('registry processes on one Redis', { timeout: 90_000, concurrent: true }, () => {
  const shared = (play: (stage: ProcessStage, env: Record<string, string>) => Promise<void>) =>
    onProcesses(async (stage) => {
      const prefix = ownPrefix();
      try {
        await play(stage, { AUTH: 'lab', REDIS_URL: redisUrl, HOLDFAST_REDIS_PREFIX: prefix });
      } finally {
        await stage.close();
        await removeKeys(prefix);
      }
    });

  it(
    'go on probing what was registered at one that is killed, until it is unregistered at another',
    shared(async (stage, env) => {
      const [one, two] = [stage.spawn(env), stage.spawn(env)];
      await Promise.all([one.address(), two.address()]);
      const witness = await stage.registered(one, 'witness');
      const chat = await stage.registered(one, 'chat');
      const before = await two.listed('chat');
      expect(before).toHaveLength(1);
      await one.kill();
      const endBefore = await leaseEnd(env, 'chat', chat);
      expect(endBefore).toBeGreaterThan(0);
      // Nobody but the other can renew it now.
      await vi.waitFor(
        async () => expect(await leaseEnd(env, 'chat', chat)).toBeGreaterThan(endBefore),
        patience,
      );
      expect(await two.listed('chat')).toEqual(before);

      await unregister(two, 'chat');
      const third = stage.spawn(env);
      await vi.waitFor(
        () => expect(third.output).toMatch(/probing what was registered earlier.* instances=1/),
        patience,
      );
      const asked = chat.requests.length;
      await probed(witness, 4);
      expect(chat.requests.length).toBe(asked);
      expect([await two.listed('chat'), await third.listed('chat')]).toEqual([[], []]);
      expect(await third.listed('witness')).toHaveLength(1);
      for (const registry of [two, third]) expect(registry.output).not.toMatch(/ERROR|FATAL/);
    }),
  );

  it(
    'end the probing everywhere when one is told to that has not heard of it yet',
    shared(async (stage, env) => {
      const [one, two] = [stage.spawn(env), stage.spawn(env)];
      await Promise.all([one.address(), two.address()]);
      const witness = await stage.registered(one, 'witness');
      const chat = await stage.registered(one, 'chat');
      await unregister(two, 'chat');
      await vi.waitFor(() => expect(one.output).toMatch(/probed no more.* of=chat /), patience);
      const asked = chat.requests.length;
      await probed(witness, 4);
      expect(chat.requests.length).toBe(asked);
      expect([await one.listed('chat'), await two.listed('chat')]).toEqual([[], []]);
    }),
  );
});
