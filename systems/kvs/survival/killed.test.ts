import { afterEach, it } from 'vitest';
import { Cluster } from '../testing/cluster.ts';
import { Load } from './testing/load.ts';

let cluster: Cluster;

afterEach(() => cluster?.stop());

it('kill -9 of all replicas at once amid writes, three times: nothing acknowledged is lost', async () => {
  cluster = await Cluster.start(3);
  const load = new Load(cluster.replicas, 4).start();
  for (let round = 0; round < 3; round++) {
    await load.more(150);
    await Promise.all(cluster.replicas.map((replica) => replica.kill()));
    await Promise.all(cluster.replicas.map((replica) => replica.start()));
    await load.everybody();
  }
  await load.stop();
  await load.verify();
}, 240_000);
