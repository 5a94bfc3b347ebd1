import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../testing/cluster.ts';
import { type Answer, metadataOf, type Replica } from './testing/replica.ts';
import { WiredCluster } from './testing/wired-cluster.ts';

/**
 * Replicas on machines of their own whose cables are pulled: nothing of the replicas takes part in the cut,
 * and no connection is told of it.
 */

let cluster: WiredCluster;
let alone: Replica;
let second: Replica;
let third: Replica;

beforeAll(async () => {
  cluster = await WiredCluster.start(3);
  [alone, second, third] = cluster.replicas as [Replica, Replica, Replica];
}, 60_000);

afterAll(() => cluster?.stop());

/** What the contract allows for. */
const goneMs = 6_000;
const backMs = 10_000;
const quietMs = 2_500;
/** Late timers of a loaded machine. */
const slackMs = 500;
/** An answer that waited for a peer took longer; one on a machine at leisure takes a few milliseconds. */
const answerMs = 500;

it('a replica whose cable is pulled answers, leaves the views, and is back with both sides', async () => {
  const before = metadataOf(await alone.put('x', 'old'));
  await cluster.everywhere('x', before);
  await cluster.network.unplug(0);
  const pulledMs = performance.now();

  let slowestMs = 0;
  let mine = before;
  for (let count = 0; count < 25; count++) {
    const written = await alone.put(`mine${count}`, count, mine);
    const read = await alone.get(`mine${count}`, metadataOf(written));
    expect([written.status, read.status]).toEqual([201, 200]);
    slowestMs = Math.max(slowestMs, written.tookMs, read.tookMs);
    mine = metadataOf(read);
    await (count % 2 === 0 ? second : third).put(`theirs${count}`, count, before);
  }
  expect(slowestMs).toBeLessThan(answerMs);
  const isGone = async (): Promise<boolean> =>
    (await sees(alone, [alone])) &&
    (await sees(second, [second, third])) &&
    (await sees(third, [second, third]));
  await until(isGone, 'the views without the other side', goneMs + slackMs - since(pulledMs));

  await cluster.network.plug(0);
  const pluggedMs = performance.now();
  const isBack = async (): Promise<boolean> =>
    (await sees(alone, cluster.replicas)) &&
    (await sees(second, cluster.replicas)) &&
    (await sees(third, cluster.replicas));
  await until(isBack, 'all are in all views', backMs);
  for (let count = 0; count < 25; count++) {
    for (const replica of cluster.replicas) {
      for (const key of [`mine${count}`, `theirs${count}`]) {
        const has = async () => (await replica.get(key)).body.value === count;
        await until(has, `${key} everywhere`, Math.max(slackMs, backMs - since(pluggedMs)));
      }
    }
  }
}, 60_000);

it('a cut both sides of which wrote, deleted and changed the view: stale for 2.5 s, then equal', async () => {
  const [one, two] = ['10.77.0.9:8090', '10.77.0.10:8090'];
  for (const key of ['both', 'deleted', 'contested']) await second.put(key, 'old');
  const old = metadataOf(await second.put('last', 'old'));
  await cluster.everywhere('last', old);
  const linesBefore = cluster.replicas.map(({ lines }) => lines.length);
  await cluster.network.unplug(0);
  const areCut = async (): Promise<boolean> =>
    cluster.replicas.every(({ lines }, index) =>
      lines.slice(linesBefore[index]).some((line) => line.includes('cut off')),
    );
  await until(areCut, 'all notice the cut', goneMs);
  const cutLines = alone.lines.length;

  const left = metadataOf(await alone.put('both', 'left', metadataOf(await alone.put('left', 1, old))));
  expect((await alone.del('contested', old)).status).toBe(200);
  expect((await alone.changeView('PUT', one)).status).toBe(201);
  let right = metadataOf(await second.put('both', 'right', metadataOf(await second.put('right', 2, old))));
  right = metadataOf(
    await second.put('contested', 'right', metadataOf(await second.del('deleted', right))),
  );
  expect((await third.changeView('PUT', two)).status).toBe(201);
  expect((await alone.put('refused', 1, right)).status).toBe(503);

  await cluster.network.plug(0);
  const pluggedMs = performance.now();
  for (let newer = await alone.get('right', right); newer.status !== 200; ) {
    expect(newer.status).toBe(503);
    expect(since(pluggedMs)).toBeLessThan(backMs);
    const older: Answer = await alone.get('last', old);
    expect(older).toMatchObject({ status: 200, body: { value: 'old' } });
    newer = await alone.get('right', right);
  }
  expect(since(pluggedMs)).toBeGreaterThan(quietMs);
  expect(alone.lines.slice(cutLines).join('\n')).not.toMatch(/garbage|refused|error/);

  const keys = ['left', 'right', 'both', 'deleted', 'contested', 'last'];
  const told = async (replica: Replica): Promise<string> => {
    const answers: unknown[] = [];
    for (const key of keys) answers.push((await replica.get(key)).body.value ?? null);
    for (const address of [one, two]) {
      answers.push((await replica.changeView('PUT', address)).body.result);
    }
    return JSON.stringify(answers);
  };
  const isEqual = async (): Promise<boolean> => {
    for (const replica of cluster.replicas) {
      if ((await replica.get('left', left)).status === 503) return false;
      if ((await replica.get('left', right)).status === 503) return false;
    }
    const all = await Promise.all(cluster.replicas.map(told));
    return new Set(all).size === 1;
  };
  await until(isEqual, 'the same everywhere', backMs);
  const [is1, is2, both, deleted] = JSON.parse(await told(alone)) as unknown[];
  expect([is1, is2, deleted]).toEqual([1, 2, null]);
  expect(['left', 'right']).toContain(both);
  for (const address of [one, two]) expect((await second.changeView('DELETE', address)).status).toBe(200);
}, 60_000);

function since(momentMs: number): number {
  return performance.now() - momentMs;
}

async function sees(replica: Replica, view: readonly Replica[]): Promise<boolean> {
  return String(await replica.view()) === String(view.map(({ address }) => address));
}
