import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RedisStore } from '../../../registry/index.ts';
import { createLogger } from '../../../telemetry/index.ts';
import { openStore, ownPrefix, redisPort, removeKeys } from '../testing/redis-under-test.ts';
import { host } from '../testing/registry-under-test.ts';
import { ClassicRegistry } from './classic-registry.ts';
import { RedisEnrolments } from './redis-enrolments.ts';
import { parseRegistration } from './registration.ts';
import { ProbedServer } from './testing/classic-under-test.ts';
import { kept } from './testing/enrolments-acceptance.ts';
import { RedisBetween } from './testing/redis-between.ts';

// On the Redis at 127.0.0.1:6379, under keys of its own.
const patience = { timeout: 20_000, interval: 20 };
const log = createLogger({ format: 'text', level: 'info', write: () => {} });
const nothingLost = () => expect.unreachable('Redis loses nothing here');
let prefix: string;
let way: RedisBetween;
let stores: RedisStore[];
let server: ProbedServer;
let classic: ClassicRegistry;
let elsewhere: RedisEnrolments;

beforeEach(async () => {
  prefix = ownPrefix();
  way = await RedisBetween.start(redisPort);
  server = await ProbedServer.start();
  const store = await openStore(prefix, way.url);
  const direct = await openStore(prefix);
  stores = [store, direct];
  elsewhere = new RedisEnrolments(direct, nothingLost);
  const enrolments = new RedisEnrolments(store, nothingLost);
  classic = await ClassicRegistry.start({ host, log, store, enrolments, refreshMs: 250 });
});

afterEach(async () => {
  classic.close();
  for (const store of stores) store.close();
  await way.close();
  await server.die();
  await removeKeys(prefix);
});

const keptElsewhere = async (): Promise<readonly string[]> =>
  (await kept({ enrolments: elsewhere, settle: (result) => result })).map(({ id }) => id);

describe('a registration whose answer is lost on the way from Redis', { timeout: 60_000 }, () => {
  it('is refused and taken back, and may be made again', async () => {
    const registration = parseRegistration({ host: server.host, type: 'authen' });
    way.loseAnswers();
    const refused = await classic.register(registration);
    expect(refused).toMatchObject({ result: 'failed', noRoom: false, isUnsure: true });
    expect(await keptElsewhere()).toEqual([registration.id]);
    way.heal();
    await vi.waitFor(async () => expect(await keptElsewhere()).toEqual([]), patience);
    await vi.waitFor(
      async () => expect(await classic.register(registration)).toEqual({ result: 'registered' }),
      patience,
    );
    expect(await keptElsewhere()).toEqual([registration.id]);
  });
});
