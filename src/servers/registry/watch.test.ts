import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Prng } from '../../std/index.ts';
import { type RawEvent, type RawWatch, RegistryUnderTest } from './testing/registry-under-test.ts';

let registry: RegistryUnderTest;
const watches: RawWatch[] = [];

async function start(options: Parameters<typeof RegistryUnderTest.start>[0] = {}): Promise<void> {
  registry = await RegistryUnderTest.start(options);
}

function watch(path?: string, lastEventId?: string): RawWatch {
  const raw = registry.watch(path, lastEventId);
  watches.push(raw);
  return raw;
}

afterEach(async () => {
  for (const raw of watches.splice(0)) raw.break();
  await registry.stop();
});

const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 10_000, interval: 5 });
const names = (events: readonly RawEvent[]): string[] => events.map(({ event }) => event);

describe('a watch stream', () => {
  it('begins with a snapshot, then carries each change, and says when the registry has settled', async () => {
    await start({ warmingMs: 1500 });
    await registry.put('a-1');
    const raw = watch('/v1/watch?service=a');
    await until(() => expect(names(raw.events)).toEqual(['snapshot']));
    expect(raw.events[0]?.data).toMatchObject({
      revision: 1,
      warming: true,
      instances: [{ service: 'a', id: 'a-1' }],
    });
    await registry.put('b-1', {}, 'b');
    await registry.put('a-1', { state: 'draining' });
    await registry.remove('a-1');
    await until(() => expect(names(raw.events)).toEqual(['snapshot', 'change', 'change', 'settled']));
    expect(raw.events[1]?.data).toMatchObject({
      kind: 'put',
      revision: 3,
      service: 'a',
      instance: { state: 'draining' },
    });
    expect(raw.events[2]?.data).toEqual({
      kind: 'remove',
      revision: 4,
      service: 'a',
      id: 'a-1',
      incarnation: 'i1',
      why: 'withdrawn',
    });
    expect(raw.lastEventId).toMatch(/^[0-9a-f]{12}-4$/);
  });

  it('of all services carries everything', async () => {
    await start();
    const raw = watch();
    await until(() => expect(names(raw.events)).toEqual(['snapshot']));
    await registry.put('a-1');
    await registry.put('b-1', {}, 'b');
    await until(() => expect(raw.events.slice(1).map(({ data }) => data.service)).toEqual(['a', 'b']));
  });

  it('moves its position forward while nothing of its service happens', async () => {
    await start();
    const raw = watch('/v1/watch?service=quiet');
    await until(() => expect(names(raw.events)).toEqual(['snapshot']));
    for (let index = 0; index < 5; index++) await registry.put(`a-${index}`);
    await until(() => expect(raw.lastEventId).toMatch(/-5$/));
    expect(names(raw.events)).toEqual(['snapshot']);
  });
});

describe('resuming', () => {
  it('misses and repeats nothing, wherever the stream broke', async () => {
    const seed = Math.floor(Math.random() * 2 ** 32);
    const prng = new Prng(seed);
    await start();
    let raw = watch();
    const seen: RawEvent[] = [];
    const changes = 300;
    for (let index = 1; index <= changes; index++) {
      await registry.put(`a-${index % 7}`, { port: index });
      if (!prng.chance(0.1)) continue;
      raw.break();
      seen.push(...raw.events.filter(({ event }) => event === 'change' || event === 'snapshot'));
      raw = watch('/v1/watch', raw.lastEventId === '' ? undefined : raw.lastEventId);
    }
    await until(() => expect(raw.lastEventId).toMatch(new RegExp(`-${changes}$`)));
    seen.push(...raw.events.filter(({ event }) => event === 'change' || event === 'snapshot'));
    const snapshots = seen.filter(({ event }) => event === 'snapshot');
    const revisions = seen.filter(({ event }) => event === 'change').map(({ data }) => data.revision);
    // A watch that broke before its snapshot came has nothing to resume from; the next begins with one.
    const first = snapshots.at(-1)?.data.revision + 1;
    expect(snapshots.length, `seed ${seed}`).toBe(1);
    expect(revisions, `seed ${seed}`).toEqual(
      Array.from({ length: changes + 1 - first }, (_, n) => first + n),
    );
  });

  it('gets a long list of what it missed, though that is more than may lie unread', async () => {
    await start({ warmingMs: 0 });
    const metadata = Object.fromEntries(Array.from({ length: 32 }, (_, n) => [`k${n}`, 'x'.repeat(256)]));
    const before = watch();
    await until(() => expect(names(before.events)).toEqual(['snapshot']));
    before.break();
    for (let port = 1; port <= 60; port++) await registry.put('a-1', { port, metadata });
    const after = watch('/v1/watch', before.lastEventId);
    await until(() => expect(names(after.events).at(-1)).toBe('settled'));
    expect(after.events.slice(0, -1).map(({ data }) => data.revision)).toEqual(
      Array.from({ length: 60 }, (_, n) => n + 1),
    );
  });

  it('gets a snapshot when what was missed is no longer held, and after a restart', async () => {
    await start({ historyMax: 10 });
    const before = watch();
    await until(() => expect(names(before.events)).toEqual(['snapshot']));
    before.break();
    for (let port = 1; port <= 30; port++) await registry.put('a-1', { port });
    const after = watch('/v1/watch', before.lastEventId);
    await until(() => expect(names(after.events)).toEqual(['snapshot']));
    expect(after.events[0]?.data).toMatchObject({ revision: 30, instances: [{ port: 30 }] });
    const { port } = registry;
    await registry.stop();
    await start({ port });
    const restarted = watch('/v1/watch', after.lastEventId);
    await until(() => expect(names(restarted.events)).toEqual(['snapshot']));
    expect(restarted.events[0]?.data).toEqual({ revision: 0, warming: true, instances: [] });
  });

  it.each(['', 'nonsense', 'a-b', '1', `${'a'.repeat(50)}-1`])('from %j is from the start', async (id) => {
    await start();
    const raw = watch('/v1/watch', id);
    await until(() => expect(names(raw.events)).toEqual(['snapshot']));
  });
});

/** Instances of 10 KB. */
async function fill(count: number): Promise<void> {
  const metadata = Object.fromEntries(
    Array.from({ length: 32 }, (_, n) => [`${n}`.padEnd(64, 'k'), 'x'.repeat(256)]),
  );
  for (let n = 0; n < count; n++) await registry.put(`a-${n}`, { metadata, leaseMs: 60_000 });
}

/** Connections that ask for watch streams, see that an answer begins, and read no further. */
async function idlers(count: number, requests = 1): Promise<readonly Socket[]> {
  let received = 0;
  const sockets = Array.from({ length: count }, () => {
    const socket = connect({ host: '127.0.0.1', port: registry.port });
    socket.on('error', () => {});
    socket.once('data', () => {
      received += 1;
      socket.pause();
    });
    socket.write('GET /v1/watch HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(requests));
    return socket;
  });
  await until(() => expect(received).toBe(count));
  return sockets;
}

describe('watchers', () => {
  it('that do not read are cut off; the others notice nothing, and they find their way back', async () => {
    await start();
    const slow = watch();
    const quick = watch();
    await until(() => expect([slow.events.length, quick.events.length]).toEqual([1, 1]));
    slow.pause();
    const metadata = Object.fromEntries(
      Array.from({ length: 32 }, (_, index) => [`k${index}`, 'x'.repeat(256)]),
    );
    let revision = 0;
    while (!registry.logged.join('').includes('watcher cut off')) {
      revision = (await registry.put('a-1', { metadata, port: 1 + revision })).body.revision;
      expect(revision).toBeLessThan(5000);
    }
    await until(() => expect(quick.events.at(-1)?.data.revision).toBe(revision));
    expect(quick.closed).toBe(false);
    slow.resume();
    await until(() => expect(slow.closed).toBe(true));
    const got = slow.events.at(-1)?.data.revision;
    expect(got).toBeLessThan(revision);
    const resumed = watch('/v1/watch', slow.lastEventId);
    await until(() => expect(resumed.events.at(-1)?.data.revision).toBe(revision));
  });

  it('that do not take their snapshot share its memory', async () => {
    await start({ warmingMs: 0 });
    await fill(400);
    const beforeBytes = process.memoryUsage.rss();
    const sockets = await idlers(100);
    // 100 snapshots of 4 MB would be 400 MB.
    expect(process.memoryUsage.rss() - beforeBytes).toBeLessThan(150 * 2 ** 20);
    for (const socket of sockets) socket.destroy();
  });

  it('that leave too much unread together are cut off, the furthest behind first', async () => {
    await start({ warmingMs: 0 });
    await fill(700);
    const all: Socket[] = [];
    for (let port = 1; port <= 20; port++) {
      await registry.put('a-1', { port });
      all.push(...(await idlers(1)));
    }
    await until(() => expect(registry.logged.join('')).toMatch(/watcher cut off.*the furthest behind/));
    const reading = watch();
    await until(() => expect(names(reading.events)).toContain('snapshot'));
    const cut = registry.logged.filter((line) => line.includes('watcher cut off')).length;
    for (const socket of all) socket.resume();
    await until(() => expect(all.filter(({ closed }) => closed)).toHaveLength(cut));
    expect(all.slice(0, cut).every(({ closed }) => closed)).toBe(true);
    expect(reading.closed).toBe(false);
    for (const socket of all) socket.destroy();
  });

  it('that do not take their snapshot in time are cut off, with all they asked for', async () => {
    await start({ warmingMs: 0, watcherTakeMs: 500 });
    await fill(700);
    const reading = watch();
    const sockets = await idlers(2, 3);
    await until(() => expect(registry.logged.join('')).toMatch(/watcher cut off.*for too long/));
    for (const socket of sockets) socket.resume();
    await until(() => expect(sockets.every(({ closed }) => closed)).toBe(true));
    await until(() => expect(names(reading.events)).toContain('snapshot'));
    expect(reading.closed).toBe(false);
  });

  it('are let go politely when the registry stops, and it does not wait for them', async () => {
    await start();
    const raws = Array.from({ length: 10 }, () => watch());
    await until(() => expect(raws.every((raw) => raw.events.length === 1)).toBe(true));
    const startedMs = performance.now();
    await registry.stop();
    expect(performance.now() - startedMs).toBeLessThan(3000);
    await until(() => expect(raws.every((raw) => raw.closed)).toBe(true));
  });
});
