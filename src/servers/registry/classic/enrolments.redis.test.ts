import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { limits, RedisStore, redisAddress } from '../../../registry/index.ts';
import {
  connectToRedis,
  openStore,
  ownPrefix,
  redisPort,
  removeKeys,
} from '../testing/redis-under-test.ts';
import { host } from '../testing/registry-under-test.ts';
import { RedisEnrolments } from './redis-enrolments.ts';
import { enrolment, enrolmentsAcceptance, fillsUp, kept } from './testing/enrolments-acceptance.ts';
import { RedisBetween } from './testing/redis-between.ts';

// On the Redis at 127.0.0.1:6379, under keys of its own.
const settle = <T>(result: Promise<T>): Promise<T> => result;
const nothingLost = () => expect.unreachable('Redis loses nothing here');
let tests: Awaited<ReturnType<typeof connectToRedis>>;

beforeAll(async () => {
  tests = await connectToRedis();
});

afterAll(() => tests?.destroy());

enrolmentsAcceptance('in Redis', async () => {
  const prefix = ownPrefix();
  const stores = [await openStore(prefix)];
  const reopen = async () => {
    const store = await openStore(prefix);
    stores.push(store);
    return new RedisEnrolments(store, nothingLost);
  };
  const close = async () => {
    for (const store of stores) store.close();
    await removeKeys(prefix);
  };
  return { enrolments: await reopen(), reopen, settle, close };
});

describe('enrolments in Redis', { timeout: 60_000 }, () => {
  let prefix = '';
  const stores: RedisStore[] = [];
  const lost: number[] = [];
  let between: RedisBetween | undefined;

  afterEach(async () => {
    for (const store of stores.splice(0)) store.close();
    lost.length = 0;
    await between?.close();
    between = undefined;
    await removeKeys(prefix);
    prefix = '';
  });

  async function open(url?: string): Promise<RedisEnrolments> {
    if (prefix === '') prefix = ownPrefix();
    const store = await openStore(prefix, url);
    stores.push(store);
    return new RedisEnrolments(store, (putBack) => lost.push(putBack));
  }

  /** One that reaches Redis by a way that can be broken. */
  async function openThrough(): Promise<readonly [RedisEnrolments, RedisBetween]> {
    between = await RedisBetween.start(redisPort);
    return [await open(between.url), between];
  }

  const idsKept = async (enrolments: RedisEnrolments): Promise<readonly number[]> =>
    (await kept({ enrolments, settle })).map(({ port }) => port);

  it('have a bound', async () => {
    await fillsUp({ enrolments: await open(), settle });
  });

  it('have one bound for all registries, also when they add at the same time', async () => {
    const both = [await open(), await open()];
    const { enrolmentsMax } = limits;
    const outcomes = await Promise.all(
      Array.from({ length: enrolmentsMax + 20 }, (_, index) => both[index % 2]?.add(enrolment(1 + index))),
    );
    expect(outcomes.filter((outcome) => outcome?.result === 'added')).toHaveLength(enrolmentsMax);
    expect(outcomes.filter((outcome) => outcome?.result === 'full')).toHaveLength(20);
    for (const enrolments of both) expect(await idsKept(enrolments)).toHaveLength(enrolmentsMax);
  });

  it('are seen by every registry at once, and removed through any', async () => {
    const [one, other] = [await open(), await open()];
    await one.add(enrolment(1));
    expect(await kept({ enrolments: other, settle })).toEqual([enrolment(1)]);
    await other.add(enrolment(1, 'i2'));
    expect(await one.remove(enrolment(1))).toEqual({ result: 'absent' });
    expect(await one.remove(enrolment(1, 'i2'))).toEqual({ result: 'removed' });
    expect(await idsKept(other)).toEqual([]);
  });

  it('say in time that Redis does not answer, and whether it may have been done', async () => {
    const [enrolments, way] = await openThrough();
    await enrolments.add(enrolment(1));
    way.loseAnswers();
    const startMs = performance.now();
    expect(await enrolments.add(enrolment(2))).toEqual({
      result: 'failed',
      noRoom: false,
      isUnsure: true,
      why: expect.stringMatching(/^Redis at 127\.0\.0\.1:\d+ did not answer within 800 ms \(it may have/),
    });
    expect(performance.now() - startMs).toBeLessThan(limits.storeCommandMs + 1_000);
    // From then on nothing is even sent.
    for (const outcome of await Promise.all([
      enrolments.add(enrolment(3)),
      enrolments.remove(enrolment(1)),
      enrolments.list(),
    ])) {
      expect(outcome).toEqual({
        result: 'failed',
        noRoom: false,
        why: expect.stringMatching(/^Redis at .*\w$/),
      });
    }
    const elsewhere = await open();
    expect(await idsKept(elsewhere)).toEqual([1, 2]);
    way.heal();
    await vi.waitFor(async () => expect(await idsKept(enrolments)).toEqual([1, 2]), { timeout: 15_000 });
  });

  it('fail at once, and change nothing, where Redis was never there', async () => {
    prefix = ownPrefix();
    const address = redisAddress('redis://127.0.0.1:1', prefix);
    const store = new RedisStore({ host, address });
    stores.push(store);
    const enrolments = new RedisEnrolments(store, nothingLost);
    await vi.waitFor(async () =>
      expect(await enrolments.add(enrolment(1))).toEqual({
        result: 'failed',
        noRoom: false,
        why: expect.stringMatching(/^Redis at 127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED/),
      }),
    );
    expect(await enrolments.list()).toMatchObject({ result: 'failed' });
  });

  it('are put back by the first registry that asks when Redis has lost them', async () => {
    const [one, other] = [await open(), await open()];
    await one.add(enrolment(1));
    await one.add(enrolment(2));
    await one.remove(enrolment(2));
    expect(await idsKept(other)).toEqual([1]);
    await tests.del(`${prefix}enrolments`);
    expect(await other.add(enrolment(3))).toEqual({ result: 'added' });
    expect(await idsKept(one)).toEqual([1, 3]);
    expect(lost).toEqual([1]);
    // One that was removed since stays away, whoever still remembers it.
    await tests.del(`${prefix}enrolments`);
    expect(await other.remove(enrolment(1))).toEqual({ result: 'removed' });
    expect(await idsKept(one)).toEqual([3]);
  });

  it('that somebody damaged are not read, and said to be damaged', async () => {
    const enrolments = await open();
    await enrolments.add(enrolment(1));
    const damaged = JSON.stringify({ ...enrolment(2), host: 'http://evil.example' });
    await tests.hSet(`${prefix}enrolments`, 'authen@127.0.0.1:2', damaged);
    expect(await enrolments.list()).toEqual({
      result: 'failed',
      noRoom: false,
      why: expect.stringMatching(/^the registrations in Redis are damaged: host: /),
    });
  });
});
