import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Cluster, get, metadataOf, put, until, viewOf } from './testing/cluster.ts';
import type { Instance } from './testing/instance.ts';
import { limits } from './testing/limits.ts';

/** Replicas that die, come back, join and are removed. */

const goneMs = 6_000;
const joinedMs = 3_000;
const backMs = 10_000;
const keys = 300;

let cluster: Cluster;
let first: Instance;
let second: Instance;
let third: Instance;
/** Covers all keys. */
let metadata: unknown;

beforeAll(async () => {
  cluster = await Cluster.start(3);
  [first, second, third] = [cluster.at(0), cluster.at(1), cluster.at(2)];
  metadata = null;
  for (let count = 0; count < keys; count++) {
    metadata = metadataOf(await put(first, `k${count}`, count, metadata));
  }
}, limits.testMs);

beforeEach(() => cluster.whole(), limits.testMs);

afterAll(() => cluster?.stop());

/** Whether those views are exactly so. */
async function areViews(replicas: readonly Instance[], view: readonly Instance[]): Promise<boolean> {
  const views = await Promise.all(replicas.map(viewOf));
  const expected = String(view.map(({ address }) => address));
  return views.every((each) => String(each) === expected);
}

/** Resolves when it is in every view and has everything; to how long that took from its start. */
async function start(replica: Instance, token: unknown): Promise<number> {
  // Its own time: what the machine needs to load it is not the store's.
  await replica.start();
  const others = cluster.replicas.filter((each) => each !== replica);
  const isComplete = async (): Promise<boolean> => {
    const views = await Promise.all([...others, replica].map(viewOf));
    if (!views.every((view) => view.includes(replica.address))) return false;
    return (await get(replica, 'k0', token)).status === 200;
  };
  return until(isComplete, `${replica.address} is complete`);
}

async function expectAll(replica: Instance, token: unknown): Promise<void> {
  for (let count = 0; count < keys; count++) {
    expect((await get(replica, `k${count}`, token)).body.value).toBe(count);
  }
}

describe('a replica that dies', () => {
  it.each(['SIGTERM', 'SIGSTOP'] as const)(
    'by %s is out of the views of the others within 6 s, without traffic',
    { timeout: limits.testMs },
    async (signal) => {
      if (signal === 'SIGSTOP') third.pause();
      else await third.stop(signal);
      await until(() => areViews([first, second], [first, second]), 'the views are without it', goneMs);
      if (signal === 'SIGSTOP') third.resume();
      else await third.start();
      await cluster.whole(backMs);
    },
  );

  it.each(['its disk', 'an empty disk'])(
    'by kill -9 is out as soon, and complete within 3 s of its start with %s',
    { timeout: limits.testMs },
    async (disk) => {
      await third.kill();
      await until(() => areViews([first, second], [first, second]), 'the views are without it', goneMs);
      const meanwhile = metadataOf(await put(first, disk, 1, metadata));
      if (disk === 'an empty disk') await cluster.wipe(third);
      expect(await start(third, meanwhile)).toBeLessThan(joinedMs);
      await expectAll(third, meanwhile);
      expect((await get(third, disk, meanwhile)).body.value).toBe(1);
    },
  );
});

it('a replica at a new address is complete within 3 s of its start', {
  timeout: limits.testMs,
}, async () => {
  const joiner = await cluster.joiner();
  expect(await start(joiner, metadata)).toBeLessThan(joinedMs);
  await expectAll(joiner, metadata);
  expect(await viewOf(second)).toEqual([...cluster.addresses, joiner.address]);
  await joiner.stop();
});

it('a replica that was removed stays out until it is added again or started again', {
  timeout: limits.testMs,
}, async () => {
  const body = { 'socket-address': third.address };
  const isIn = async (): Promise<boolean> =>
    (await Promise.all([first, second].map(viewOf))).every((view) => view.includes(third.address));
  const isOut = async (): Promise<boolean> =>
    (await Promise.all([first, second].map(viewOf))).every((view) => !view.includes(third.address));

  expect((await first.ask('DELETE', '/view', body)).status).toBe(200);
  await until(isOut, 'it is out');
  const untilMs = performance.now() + goneMs;
  const isOver = async (): Promise<boolean> => {
    expect(await isOut()).toBe(true);
    return performance.now() > untilMs;
  };
  await until(isOver, 'it stays out, though it lives and speaks');
  expect((await second.ask('PUT', '/view', body)).status).toBe(201);
  await until(isIn, 'it is in again', backMs);

  expect((await second.ask('DELETE', '/view', body)).status).toBe(200);
  await until(isOut, 'it is out again');
  await third.kill();
  await third.start();
  await until(isIn, 'its start brings it back', backMs);
});

it('everything acknowledged is there after kill -9 of all replicas at once', {
  timeout: limits.testMs,
}, async () => {
  const written = new Map<string, number>();
  let isOver = false;
  const writers = cluster.replicas.map(async (replica, index) => {
    for (let count = 0; !isOver; count++) {
      const told = await put(replica, `w${index}-${count}`, count).catch(() => undefined);
      if (told?.status === 201) written.set(`w${index}-${count}`, count);
    }
  });
  await until(async () => written.size > 300, 'writes are under way');
  const dying = cluster.replicas.map((replica) => replica.kill());
  isOver = true;
  await Promise.all([...writers, ...dying]);
  await Promise.all(cluster.replicas.map((replica) => replica.start()));
  for (const [key, value] of written) {
    expect((await get(cluster.at(Number(key[1])), key)).body.value).toBe(value);
  }
  for (const replica of cluster.replicas) {
    for (const [key, value] of written) {
      await until(async () => (await get(replica, key)).body.value === value, `${key} is everywhere`);
    }
  }
});
