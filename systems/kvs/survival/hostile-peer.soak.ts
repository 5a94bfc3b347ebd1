import { Prng } from 'holdfast/std';
import { afterEach, it } from 'vitest';
import { Cluster, until } from '../testing/cluster.ts';
import { tellLies } from './testing/lies.ts';
import { newId, RoguePeer } from './testing/rogue-peer.ts';
import { expectWell } from './testing/well.ts';
import { messages } from './testing/wire.ts';

let cluster: Cluster;

afterEach(() => cluster?.stop());

it('lies for a long time', async () => {
  cluster = await Cluster.start(2);
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const prng = new Prng(seed);
  const rogue = await RoguePeer.connect({ target: cluster.at(0).address });
  try {
    for (let round = 0; round < 100; round++) {
      await tellLies(rogue, prng);
      if (round % 20 === 0) await expectWell(cluster);
    }
    await expectWell(cluster);
  } catch (error) {
    throw new Error(`SEED=${seed} in the environment tells the same lies.`, { cause: error });
  } finally {
    await rogue.close();
  }
});

/** A good part of what 60 of these strangers say, were it kept, is more than this. */
const heapMib = 160;

it('60 strangers, each from elsewhere and with many origins: nothing of them is kept', async () => {
  cluster = await Cluster.start(2, { NODE_OPTIONS: `--max-old-space-size=${heapMib}` });
  for (let count = 0; count < 60; count++) {
    const rogue = await RoguePeer.connect({ target: cluster.at(0).address });
    rogue.greet(Array.from({ length: 60_000 }, () => [newId(), 1] as const));
    await until(async () => rogue.heard.has(messages.verdict) || rogue.downs > 0, 'it was heard');
    await rogue.close();
  }
  await expectWell(cluster);
});
