import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, del, get, metadataOf, put, until, viewOf } from './testing/cluster.ts';
import type { Instance } from './testing/instance.ts';
import { limits } from './testing/limits.ts';

/** What replicas answer that do not reach each other, and when they find together again. */

/** By when the others count as gone, and when they are back. */
const goneMs = 6_000;
const backMs = 10_000;

let cluster: Cluster;
let alone: Instance;
let others: readonly [Instance, Instance];

beforeAll(async () => {
  cluster = await Cluster.start(3);
  alone = cluster.at(0);
  others = [cluster.at(1), cluster.at(2)];
}, limits.testMs);

afterEach(async () => {
  await cluster.heal();
  await cluster.whole();
}, limits.testMs);

afterAll(() => cluster?.stop());

/** Metadata that every replica covers. */
async function common(key: string, value: unknown): Promise<unknown> {
  const metadata = metadataOf(await put(alone, key, value));
  for (const replica of others) {
    await until(async () => (await get(replica, key, metadata)).status === 200, `all have ${key}`);
  }
  return metadata;
}

describe('a replica that is cut off from all others', () => {
  it('answers reads and writes at once, from the first moment on', { timeout: limits.testMs }, async () => {
    await cluster.isolate(alone);
    let metadata: unknown = null;
    const latenciesMs: number[] = [];
    for (let count = 0; count < 50; count++) {
      const startedMs = performance.now();
      const written = await put(alone, `k${count}`, count, metadata);
      const read = await get(alone, `k${count}`, metadataOf(written));
      latenciesMs.push(performance.now() - startedMs);
      expect([written.status, read.status]).toEqual([201, 200]);
      metadata = metadataOf(read);
    }
    // The median: single ones may meet a busy machine. What waits for a peer to count as cut takes 750 ms.
    expect(latenciesMs.sort((one, two) => one - two)[25]).toBeLessThan(500);
  });

  it('says so when copies are not confirmed, and has written', { timeout: limits.testMs }, async () => {
    await cluster.isolate(alone);
    const told = await alone.ask('PUT', '/kvs/copies', { value: 1, copies: 2 });
    expect(told).toMatchObject({ status: 202, body: { result: 'created', replication: 'unconfirmed' } });
    expect((await get(alone, 'copies', metadataOf(told))).status).toBe(200);
  });

  it('is out of the views of the others, they of its own; it comes back by itself', {
    timeout: limits.testMs,
  }, async () => {
    await cluster.isolate(alone);
    const rest = others.map(({ address }) => address);
    const isApart = async (): Promise<boolean> => {
      const [mine, ...theirs] = await Promise.all([viewOf(alone), ...others.map(viewOf)]);
      return String(mine) === alone.address && theirs.every((view) => String(view) === String(rest));
    };
    await until(isApart, 'each side sees itself alone', goneMs);
    await cluster.heal();
    await cluster.whole(backMs);
  });
});

describe('a link that was cut', () => {
  it('carries nothing for a while: the stale replica refuses newer metadata and serves older', {
    timeout: limits.testMs,
  }, async () => {
    const [b] = others;
    const before = await common('x', 'old');
    await cluster.isolateForLong(alone);
    const after = metadataOf(await put(alone, 'x', 'new', before));
    await cluster.heal();
    const healedMs = performance.now();
    let stale = 0;
    let newer = await get(b, 'x', after);
    for (; newer.status !== 200; newer = await get(b, 'x', after)) {
      expect(newer.status).toBe(503);
      const older = await get(b, 'x', before);
      expect(older.status).toBe(200);
      if (older.body.value === 'old') stale++;
      expect(performance.now() - healedMs).toBeLessThan(backMs);
    }
    const firstMs = performance.now() - healedMs;
    expect(newer.body.value).toBe('new');
    expect(stale).toBeGreaterThan(5);
    // The first exchange comes 2.5 to 5 s after contact is back, and is over soon after that.
    expect(firstMs).toBeGreaterThan(2_400);
    expect(firstMs).toBeLessThan(6_500);
  });

  it('has every write, delete and view change of both sides in the end, the same everywhere', {
    timeout: limits.testMs,
  }, async () => {
    const [b] = others;
    const base = await common('both', 0);
    expect((await put(alone, 'deleted', 1, base)).status).toBe(201);
    await cluster.isolateForLong(alone);
    const left = metadataOf(await put(alone, 'left', 1, metadataOf(await put(alone, 'both', 'a', base))));
    expect((await del(alone, 'deleted', left)).status).toBe(200);
    const right = metadataOf(await put(b, 'right', 2, metadataOf(await put(b, 'both', 'b', base))));
    // What one replica refuses, for it does not have what it depends on, still reaches it later.
    expect((await put(alone, 'refused', 1, right)).status).toBe(503);
    const refused = metadataOf(await put(b, 'refused', 1, right));
    const member = { 'socket-address': '127.0.0.1:1' };
    expect((await alone.ask('PUT', '/view', member)).status).toBe(201);
    await cluster.heal();
    const healedMs = performance.now();
    for (const replica of cluster.replicas) {
      const has = async (key: string, metadata: unknown, value: unknown): Promise<void> => {
        const isThere = async () => (await get(replica, key, metadata)).body.value === value;
        await until(isThere, `${key} is everywhere`, healedMs + backMs - performance.now());
      };
      await has('left', left, 1);
      await has('right', right, 2);
      await has('refused', refused, 1);
      await until(async () => (await get(replica, 'deleted')).status === 404, 'the delete is everywhere');
      expect((await replica.ask('PUT', '/view', member)).status).toBe(200);
    }
    const decided = await Promise.all(cluster.replicas.map((replica) => get(replica, 'both')));
    expect(new Set(decided.map(({ body }) => body.value)).size).toBe(1);
  });
});
