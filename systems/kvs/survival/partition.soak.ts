import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../testing/cluster.ts';
import { metadataOf, type Replica } from './testing/replica.ts';
import { WiredCluster } from './testing/wired-cluster.ts';

let cluster: WiredCluster;
let alone: Replica;
let second: Replica;

beforeAll(async () => {
  cluster = await WiredCluster.start(3);
  [alone, second] = cluster.replicas as [Replica, Replica, Replica];
}, 60_000);

afterAll(() => cluster?.stop());

const backMs = 10_000;

it('what is lost one way only is a cut like any other', async () => {
  const before = metadataOf(await alone.put('one-way', 'old'));
  await cluster.everywhere('one-way', before);
  await cluster.network.lose(0, 1);
  await until(async () => !(await second.view()).includes(alone.address), 'it is not heard', 15_000);
  const fresh = metadataOf(await alone.put('one-way', 'new', before));
  expect((await second.get('one-way', before)).status).toBe(200);
  await cluster.network.loseNothing(1);
  await until(async () => (await second.get('one-way', fresh)).status === 200, 'it has caught up', backMs);
  await until(async () => sees(second, cluster.replicas), 'the view is whole', backMs);
}, 60_000);

/** How long a cable is out: shorter than a cut, about as long, and longer than death. */
const outMs = [300, 600, 750, 900, 2_000, 4_000, 7_000];

it('a cable that is pulled again and again, for shorter and longer: nothing is lost', async () => {
  let metadata = metadataOf(await alone.put('flapping', -1));
  for (let round = 0; round < 21; round++) {
    const at = round % 3;
    const replica = cluster.replicas[at] as Replica;
    await cluster.everywhere('flapping', metadata);
    await cluster.network.unplug(at);
    const untilMs = performance.now() + (outMs[round % outMs.length] as number);
    let count = 0;
    for (; performance.now() < untilMs; count++) {
      metadata = metadataOf(await replica.put('flapping', `${round} ${count}`, metadata));
      metadata = metadataOf(await replica.put(`round${round}-${count}`, count, metadata));
    }
    await cluster.network.plug(at);
    const pluggedMs = performance.now();
    await cluster.everywhere('flapping', metadata);
    // A machine that does other things as well answers late.
    expect(performance.now() - pluggedMs).toBeLessThan(backMs + 1_000);
    for (const each of cluster.replicas) {
      const told = await each.get(`round${round}-${count - 1}`, metadata);
      expect(told).toMatchObject({ status: 200, body: { value: count - 1 } });
    }
  }
});

async function sees(replica: Replica, view: readonly Replica[]): Promise<boolean> {
  return String(await replica.view()) === String(view.map(({ address }) => address));
}
