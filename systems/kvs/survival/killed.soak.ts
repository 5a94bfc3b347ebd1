import { setTimeout as pass } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { Cluster } from '../testing/cluster.ts';
import { Load } from './testing/load.ts';
import { Writers } from './testing/writers.ts';

let cluster: Cluster;

afterEach(() => cluster?.stop());

it('kill -9 of all replicas at once amid thousands of writes a second, 50 times: none is lost', async () => {
  cluster = await Cluster.start(3);
  const load = new Load(cluster.replicas, 3).start();
  const writers = new Writers(cluster.replicas, 48);
  const rates: number[] = [];
  for (let round = 0; round < 50; round++) {
    rates.push(await writers.more(2_000 + 97 * round));
    await Promise.all(cluster.replicas.map((replica) => replica.kill()));
    await Promise.all(cluster.replicas.map((replica) => replica.start()));
    await load.everybody();
  }
  await writers.stop();
  await load.stop();
  const [slowest = 0] = rates.toSorted((one, other) => one - other);
  const median = rates.toSorted((one, other) => one - other)[rates.length >> 1] ?? 0;
  const told = [`${writers.acknowledged} writes acknowledged`, `${Math.round(median)}/s before a kill`];
  console.log(
    `survival, all replicas killed 50 times: ${told.join(', ')}, at least ${Math.round(slowest)}/s`,
  );
  await load.verify();
  for (const replica of cluster.replicas) expect(await writers.missingAt(replica)).toEqual([]);
}, 1_500_000);

it('one replica killed every second under load: sessions move on, nothing acknowledged is lost', async () => {
  cluster = await Cluster.start(3);
  const load = new Load(cluster.replicas, 8).start();
  for (let round = 0; round < 30; round++) {
    await pass(1_000);
    const replica = cluster.at((round * 2 + (round >> 2)) % 3);
    await replica.kill();
    // Not everybody: who has seen what only this one had has to wait for it.
    await load.more(20);
    await replica.start();
    await load.everybody();
  }
  await load.stop();
  await load.verify();
}, 600_000);
