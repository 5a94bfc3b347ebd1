import { expect, it } from 'vitest';
import { AbsentReads } from './absent.ts';
import { Clocks } from './clocks.ts';
import { Layout } from './layout.ts';
import { readsFrom } from './reads-from.ts';
import { randomHistory } from './testing/random-history.ts';
import { acknowledgedWrites } from './writes.ts';

const seeds = 2_000;

it('are after many sweeps as after one that knows all from the start', () => {
  let swept = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const layout = new Layout(randomHistory(seed, 70));
    const { source, bad } = readsFrom(layout);
    const [known, clocks] = [source.slice(), new Clocks(layout)];
    const settled = new AbsentReads(layout, source, clocks, acknowledgedWrites(layout)).settle();
    if (bad !== undefined || settled.type !== 'settled') continue;
    if (source.some((write, read) => write !== known[read])) swept++;
    const afresh = new Clocks(layout);
    expect(afresh.sweep(source)).toBe(true);
    expect(entriesOf(clocks, layout), `randomHistory(${seed}, 70)`).toEqual(entriesOf(afresh, layout));
  }
  expect(swept).toBeGreaterThan(seeds / 20);
});

function entriesOf(clocks: Clocks, { count, sessionCount }: Layout): readonly number[] {
  return Array.from({ length: count * sessionCount }, (_, index) =>
    clocks.entry(Math.floor(index / sessionCount), index % sessionCount),
  );
}
