import { describe, expect, it } from 'vitest';
import { simulated as begin, type SimulatedStage as Story } from './testing/simulated.ts';
import { damageFile, labels, open, record, texts, tryOpen } from './testing/stage.ts';

function powerCycle({ host }: Story): void {
  host.crash('power');
  host.restart();
}

/** What is done to a journal of 24 records in three segments, and how many are left of them. */
const damages = {
  'a record at the end': { left: 23, segment: 3, offset: 32 + 7 * 112 + 50 },
  'a record in the middle': { left: 9, segment: 2, offset: 32 + 112 + 50 },
  'a header': { left: 8, segment: 2, offset: 9 },
};

async function damaged(seed: number, damage: keyof typeof damages): Promise<Story> {
  const at = begin(seed);
  const opened = await open(at, { segmentBytes: 1000 });
  for (const label of labels(0, 24)) await opened.append(record(label, 100));
  await opened.close();
  const { segment, offset } = damages[damage];
  await damageFile(at, `000000000000000${segment}.segment`, offset);
  powerCycle(at);
  return at;
}

describe.each(Object.keys(damages) as (keyof typeof damages)[])('the repair of %s', (damage) => {
  const left = labels(0, damages[damage].left);

  it('is durable as soon as the journal is open', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const at = await damaged(seed, damage);
      const opened = await open(at, { onDamage: 'truncate' });
      expect(texts(opened.records)).toEqual(left);
      expect(opened.outcome.recovered.damage.length).toBe(1);
      powerCycle(at);
      const { outcome, opened: again } = await tryOpen(at, { onDamage: 'stop' });
      expect(outcome, `seed ${seed}`).toMatchObject({ ok: true, recovered: { damage: [] } });
      expect(texts(again?.records ?? [])).toEqual(left);
    }
  });

  it('can be cut short at any moment, and has been reported by then', async () => {
    for (let moment = 1; ; moment++) {
      const at = await damaged(1, damage);
      let ended = false;
      let reports = 0;
      const observe = (event: { readonly type: string }): void => {
        if (event.type === 'damage') reports++;
      };
      const until: Story['until'] = async (condition) => {
        for (let events = 0; events < moment && !condition(); events++) at.simulation.step();
        ended = condition();
        if (!ended) throw new Error('It is cut short.');
      };
      await tryOpen({ ...at, until }, { onDamage: 'truncate', observe }).catch(() => {});
      powerCycle(at);
      const opened = await open(at, { onDamage: 'truncate', observe });
      expect(texts(opened.records), `event ${moment}`).toEqual(left);
      expect(reports, `event ${moment}`).toBeGreaterThan(0);
      await opened.append(record('next'));
      powerCycle(at);
      const last = await open(at, { onDamage: 'stop' });
      expect(texts(last.records), `event ${moment}`).toEqual([...left, 'next']);
      if (ended) break;
    }
  });
});
