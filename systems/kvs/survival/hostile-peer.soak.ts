import { Prng } from 'holdfast/std';
import { afterEach, expect, it } from 'vitest';
import { Cluster, get, metadataOf, put, until } from '../testing/cluster.ts';
import { tellLies } from './testing/lies.ts';
import { limits } from './testing/limits.ts';
import { newId, RoguePeer } from './testing/rogue-peer.ts';
import { messages } from './testing/wire.ts';

let cluster: Cluster;

afterEach(() => cluster?.stop());

async function expectReplicated(): Promise<void> {
  const key = `well-${newId()}`;
  const written = await put(cluster.at(0), key, key);
  const arrives = async () => (await get(cluster.at(1), key, metadataOf(written))).body.value === key;
  await until(arrives, 'what is written arrives', limits.waitMs);
  for (const { lines } of cluster.replicas) expect(lines.join('\n')).not.toMatch(/FATAL/);
}

it('lies for a long time', async () => {
  cluster = await Cluster.start(2);
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const prng = new Prng(seed);
  const rogue = await RoguePeer.connect({ target: cluster.at(0).address });
  try {
    for (let round = 0; round < 100; round++) {
      await tellLies(rogue, prng);
      if (round % 20 === 0) await expectReplicated();
    }
    await expectReplicated();
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
  await expectReplicated();
});
