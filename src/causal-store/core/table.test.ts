import { describe, expect, it } from 'vitest';
import type { Prng } from '../../std/index.ts';
import { vector, write } from '../testing/records.ts';
import { forSeeds, pick, shuffled } from '../testing/seeds.ts';
import { compareVersions, versionOf, type Write } from './record.ts';
import { judgeSurplus, Table } from './table.ts';

/** Writes of a few keys by three origins, with stamps that are often equal. */
function randomWrites(prng: Prng): Write[] {
  const sequences = new Map<string, number>();
  return Array.from({ length: 60 }, () => {
    const letter = pick(prng, ['a', 'b', 'c']);
    const sequence = (sequences.get(letter) ?? 0) + 1;
    sequences.set(letter, sequence);
    const word = `${letter}${sequence}`;
    const value = prng.chance(0.4) ? undefined : word;
    return write(word, { key: `k${prng.below(6)}`, stamp: 1 + prng.below(20), value });
  });
}

function winners(writes: readonly Write[]): Map<string, Write> {
  const highest = new Map<string, Write>();
  for (const each of writes) {
    const known = highest.get(each.key);
    if (known === undefined || compareVersions(versionOf(each), versionOf(known)) > 0)
      highest.set(each.key, each);
  }
  return highest;
}

function content(table: Table): Map<string, Write> {
  return new Map([...table.writes()].map((each) => [each.key, each]));
}

describe('a table', () => {
  it('holds of each key the highest version, in whatever order they come', () => {
    forSeeds(100, (prng) => {
      const writes = randomWrites(prng);
      const table = new Table();
      for (const each of shuffled(prng, [...writes, ...writes.slice(0, 10)])) table.apply(each);
      const expected = winners(writes);
      expect(content(table)).toEqual(expected);
      const live = [...expected.values()].filter(({ value }) => value !== undefined);
      expect(table.page('', undefined, 100).keys).toEqual(live.map(({ key }) => key).sort());
      expect(table.size).toBe(live.length);
      expect(table.tombstones).toBe(expected.size - live.length);
      expect(table.entries).toBe(expected.size);
    });
  });

  it('forgets the tombstones that are stable, and those only, now and later', () => {
    forSeeds(100, (prng) => {
      const writes = randomWrites(prng);
      const table = new Table();
      for (const each of shuffled(prng, writes)) table.apply(each);
      const expected = winners(writes);
      let horizon = 0;
      for (const upTo of [5, 12, 100]) {
        const stable = vector(`a${upTo} b${Math.floor(upTo / 2)}`);
        let count = 0;
        for (const each of expected.values()) {
          if (each.value !== undefined || each.sequence > (stable.get(each.origin) ?? 0)) continue;
          expected.delete(each.key);
          horizon = Math.max(horizon, each.stamp);
          count++;
        }
        expect(table.collect(stable)).toBe(count);
        expect(content(table)).toEqual(expected);
        expect(table.horizon).toBe(horizon);
        expect(table.tombstones).toBe(
          [...expected.values()].filter(({ value }) => value === undefined).length,
        );
      }
    });
  });

  it('says whether a key existed and who wins, the dot deciding between equal stamps', () => {
    const table = new Table();
    expect(table.apply(write('b1', { stamp: 5 }))).toEqual({ existed: false, wins: true });
    expect(table.apply(write('a9', { stamp: 5 }))).toEqual({ existed: true, wins: false });
    expect(table.apply(write('b2', { stamp: 5, value: undefined }))).toEqual({ existed: true, wins: true });
    expect(table.apply(write('c1', { stamp: 5 }))).toEqual({ existed: false, wins: true });
    expect(table.apply(write('c1', { stamp: 5 }))).toEqual({ existed: true, wins: false });
  });

  it('goes by the version under which a write that is handed in again was written first', () => {
    const table = new Table();
    table.apply(write('b1', { stamp: 5 }));
    const again = write('c1', { stamp: 9, first: versionOf(write('a1', { stamp: 4 })) });
    expect(table.apply(again)).toEqual({ existed: true, wins: false });
  });

  it('tells observers which keys change, until they have heard enough', () => {
    const table = new Table();
    const heard: string[] = [];
    const end = table.observe((key) => heard.push(key));
    table.apply(write('a1', { key: 'x' }));
    table.apply(write('a2', { key: 'y', value: undefined }));
    table.apply(write('b1', { key: 'x', stamp: 0 }));
    end();
    table.apply(write('a3', { key: 'z' }));
    expect(heard).toEqual(['x', 'y']);
  });
});

it('forgets nothing while somebody reads it, who would never hear of the delete', () => {
  const table = new Table();
  table.apply(write('a1', { value: undefined }));
  const over = table.observe(() => {});
  expect(table.collect(vector('a1'))).toBe(0);
  over();
  expect(table.collect(vector('a1'))).toBe(1);
});

describe('a write that only one replica has', () => {
  const mine = write('a5', { stamp: 5 });
  it.each([
    ['wins over an older one', mine, write('b1', { stamp: 4 }), 9, 'wins'],
    ['loses against a later one', mine, write('b1', { stamp: 6 }), 0, 'loses'],
    [
      'loses against a tombstone that is later',
      mine,
      write('b1', { stamp: 6, value: undefined }),
      0,
      'loses',
    ],
    ['wins where nothing was forgotten since', mine, undefined, 4, 'wins'],
    ['cannot be told from a deleted one behind the horizon', mine, undefined, 5, 'undecidable'],
    [
      'wins as a delete: what it deleted may still come',
      write('a5', { value: undefined }),
      undefined,
      9,
      'wins',
    ],
  ] as const)('%s', (_, own, theirs, horizon, verdict) => {
    expect(judgeSurplus(own, theirs, horizon)).toBe(verdict);
  });
});
