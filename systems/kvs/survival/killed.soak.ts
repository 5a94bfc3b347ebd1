import { setTimeout as pass } from 'node:timers/promises';
import { afterEach, it } from 'vitest';
import { Cluster } from '../testing/cluster.ts';
import { Load } from './testing/load.ts';

let cluster: Cluster;

afterEach(() => cluster?.stop());

it('kill -9 of all replicas at once amid writes, 50 times: nothing acknowledged is lost', async () => {
  cluster = await Cluster.start(3);
  const load = new Load(cluster.replicas, 8).start();
  for (let round = 0; round < 50; round++) {
    await load.more(200 + 17 * round);
    await Promise.all(cluster.replicas.map((replica) => replica.kill()));
    await Promise.all(cluster.replicas.map((replica) => replica.start()));
    await load.everybody();
  }
  await load.stop();
  await load.verify();
}, 900_000);

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
