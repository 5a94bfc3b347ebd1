import { afterAll, describe, expect, it, vi } from 'vitest';
import { limits } from '../limits.ts';
import type { PutOutcome, RemoveOutcome, StoreEvent } from '../store.ts';
import { instance } from '../testing/lines.ts';
import { host } from '../testing/redis.ts';
import { RedisServer } from '../testing/redis-server.ts';
import { StoreSession, type WatchSession } from '../testing/store-stage.ts';
import { redisAddress } from './redis/address.ts';
import { RedisStore } from './redis-store.ts';

const servers: RedisServer[] = [];
const stores: RedisStore[] = [];

// At the end of all: the tests wait at the same time.
afterAll(async () => {
  for (const store of stores.splice(0)) store.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const until = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 15_000, interval: 10 });

async function startServer(...options: string[]): Promise<RedisServer> {
  const server = await RedisServer.start(options);
  servers.push(server);
  return server;
}

async function openSession(url: string, leaseMs = 60_000): Promise<StoreSession> {
  const events: StoreEvent[] = [];
  const observe = (event: StoreEvent) => events.push(event);
  const store = new RedisStore({ host, address: redisAddress(url), observe, warmingMs: 500 });
  stores.push(store);
  await store.begun();
  const stage = {
    store,
    events,
    holdMs: limits.massExpiryHoldMs,
    recoverMs: limits.massExpiryRecoverMs,
    pass: (ms: number) => new Promise<void>((resolve) => host.clock.setTimer(ms, resolve)),
    until: (condition: () => boolean, what: string) => until(() => expect(condition(), what).toBe(true)),
    stall: async () => {},
    close: async () => {},
  };
  return new StoreSession(stage, leaseMs);
}

async function timed<T>(work: Promise<T>): Promise<{ readonly ms: number; readonly outcome: T }> {
  const startMs = host.clock.nowMs();
  const outcome = await work;
  return { ms: host.clock.nowMs() - startMs, outcome };
}

/** A put, a removal and a list all end in time, with a sentence. */
async function expectUnavailable(session: StoreSession, why: RegExp): Promise<void> {
  const { store } = session.stage;
  const request = { service: 'a', id: 'a-1', incarnation: 'none' };
  const asked = [
    session.answerToPut('a-1', 'i1'),
    new Promise<RemoveOutcome>((resolve) => store.remove(request, resolve)),
    new Promise<unknown>((resolve) => store.list(undefined, resolve)),
  ];
  const { ms, outcome } = await timed(Promise.all(asked));
  for (const one of outcome)
    expect(one).toEqual({ result: 'unavailable', why: expect.stringMatching(why) });
  expect(ms).toBeLessThan(limits.storeCommandMs + 1_000);
}

const revisions = (watch: WatchSession): number[] =>
  watch.frames.flatMap((frame) => (frame.type === 'change' ? [frame.position.revision] : []));

describe('while Redis is away', { timeout: 60_000, concurrent: true }, () => {
  it('from the start, everything is refused, and all is well once it comes', async () => {
    const server = await startServer();
    await server.kill();
    const session = await openSession(server.url);
    const why = new RegExp(`^Redis at 127\\.0\\.0\\.1:${server.port} cannot be used: .*ECONNREFUSED`);
    await expectUnavailable(session, why);
    expect(session.watch().ended).toMatch(why);
    await server.start();
    await until(async () => expect(await session.put('a-1', 'i1')).toBe('listed at 1'));
    await until(() => {
      const types = session.stage.events.map(({ type }) => type);
      expect(types.filter((type) => type.startsWith('store-'))).toEqual(['store-lost', 'store-reached']);
    });
  });

  it.each(['kill', 'pause'] as const)('after a %s, answers are in time and streams end', async (how) => {
    const server = await startServer();
    const session = await openSession(server.url);
    await session.put('a-1', 'i1');
    const watch = session.watch();
    await server[how]();
    await expectUnavailable(session, /^Redis at 127\.0\.0\.1:\d+ (cannot be used|did not answer within)/);
    await until(() => expect(watch.ended).toMatch(/^Redis at/));
    const said = watch.frames.length;
    expect(session.watch().ended).toMatch(/^Redis at/);
    expect(watch.frames).toHaveLength(said);
  });

  it('no lease runs out, and a watcher resumes where it was', async () => {
    const server = await startServer();
    const session = await openSession(server.url, 3_000);
    await session.put('a-1', 'i1');
    const watch = session.watch();
    const resume = await session.at(1);
    server.pause();
    await until(() => expect(watch.ended).toBeDefined());
    await session.stage.pass(1_000);
    server.resume();
    const reached = () => session.stage.events.filter(({ type }) => type === 'store-reached').length;
    await until(() => expect(reached()).toBe(2));
    expect(await session.ids()).toBe('a-1');
    const resumed = session.watch(undefined, resume);
    expect(await resumed.told(1)).toEqual([expect.stringMatching(/^e-1 (settled|alive)$/)]);
    await until(() => expect(resumed.lines.at(-1)).toBe('e-2 remove a/a-1 i1 expired'));
  });

  it('a short absence ends no stream, and no change is missed or told twice', async () => {
    const server = await startServer();
    const [one, other] = [await openSession(server.url), await openSession(server.url)];
    const watch = one.watch();
    await one.put('a-1', 'i1');
    await server.command('CLIENT', 'KILL', 'TYPE', 'normal');
    await until(async () => expect(await other.put('a-2', 'i1')).toBe('listed at 2'));
    await until(async () => expect(await one.put('a-3', 'i1')).toBe('listed at 3'));
    await until(() => expect(revisions(watch)).toEqual([1, 2, 3]));
    expect([watch.ended, watch.frames.filter(({ type }) => type === 'snapshot').length]).toEqual([
      undefined,
      1,
    ]);
  });
});

describe('when Redis comes back', { timeout: 60_000, concurrent: true }, () => {
  it('without its data, watchers get a new life that warms, and instances come back', async () => {
    const server = await startServer();
    const session = await openSession(server.url);
    await session.put('a-1', 'i1');
    const watch = session.watch();
    const before = await session.at(1);
    await server.kill();
    await server.start();
    await until(() => expect(watch.frames.filter(({ type }) => type === 'snapshot')).toHaveLength(2));
    const begun = watch.frames.findLast(({ type }) => type === 'snapshot');
    expect(begun).toMatchObject({ warming: true, instances: [], position: { revision: 0 } });
    expect(begun?.position.epoch).not.toBe(before.epoch);
    expect(await session.put('a-1', 'i1')).toBe('listed at 1');
    await until(() => expect(watch.frames.at(-1)?.type).toBe('settled'));
    const late = session.watch(undefined, before);
    await until(() =>
      expect(late.frames[0]).toMatchObject({ type: 'snapshot', instances: [{ service: 'a' }] }),
    );
  });

  it('with its data, the list stays and revisions start afresh, should some be lost', async () => {
    const server = await startServer('--appendonly', 'yes', '--appendfsync', 'always');
    const session = await openSession(server.url);
    await session.put('a-1', 'i1');
    await session.remove('a-2', 'i1');
    const before = await session.at(1);
    await server.kill();
    await server.start();
    await until(async () => expect((await session.list()).position.epoch).not.toBe(before.epoch));
    const { position, warming, instances } = await session.list();
    expect([position.revision, warming]).toEqual([0, true]);
    expect(instances).toEqual([{ service: 'a', instance: instance('a-1', 'i1') }]);
    expect(await session.put('a-2', 'i1')).toBe('fenced by its removal');
  });

  it('and its keys were deleted under it, it starts anew', async () => {
    const server = await startServer();
    const session = await openSession(server.url);
    await session.put('a-1', 'i1');
    const watch = session.watch();
    await server.command('FLUSHALL');
    const begun = () => watch.frames.filter(({ type }) => type === 'snapshot').at(1);
    await until(() => expect(begun()).toMatchObject({ warming: true, instances: [] }));
    expect(await session.put('a-1', 'i1')).toBe('listed at 1');
  });
});

describe('a Redis that takes no writes', { timeout: 60_000, concurrent: true }, () => {
  const refused = (session: StoreSession, why: RegExp) =>
    until(async () => {
      const outcome: PutOutcome = await session.answerToPut('a-1', 'i1', { port: 9 });
      expect(outcome).toEqual({ result: 'unavailable', why: expect.stringMatching(why) });
    });

  it.each([
    ['is full', ['CONFIG', 'SET', 'maxmemory', '1'], /is full: give it more maxmemory/],
    ['is a replica', ['REPLICAOF', '127.0.0.1', '1'], /is a read-only replica: name the primary/],
  ])('because it %s is named as such', async (_, command, why) => {
    const server = await startServer();
    const session = await openSession(server.url);
    await session.put('a-1', 'i1');
    const watch = session.watch();
    await server.command(...command);
    await refused(session, why);
    await until(() => expect(watch.ended).toMatch(why));
    expect(session.stage.events.filter(({ type }) => type === 'store-lost')).toHaveLength(1);
  });

  it('because the password is wrong is named as such, without the password', async () => {
    const server = await startServer('--requirepass', 'right-one');
    const wrong = await openSession(`redis://:wrong-one@127.0.0.1:${server.port}`);
    await expectUnavailable(wrong, /refuses the user or the password in REDIS_URL/);
    expect(JSON.stringify(wrong.stage.events)).not.toContain('wrong-one');
    const right = await openSession(`redis://:right-one@127.0.0.1:${server.port}/3`);
    expect(await right.put('a-1', 'i1')).toBe('listed at 1');
    expect(JSON.stringify(right.stage.events)).not.toContain('right-one');
  });
});
