import { expect, it } from 'vitest';
import type { Prng } from '../../std/index.ts';
import { forSeeds, pick } from '../testing/seeds.ts';
import { SortedKeys } from './sorted-keys.ts';

function naivePage(keys: ReadonlySet<string>, prefix: string, after: string | undefined, most: number) {
  const all = [...keys]
    .filter((key) => key.startsWith(prefix) && (after === undefined || key > after))
    .sort((one, two) => (one < two ? -1 : 1));
  return { keys: all.slice(0, most), more: all.length > most };
}

function randomKey(prng: Prng, different: number): string {
  const number = prng.below(different).toString(36);
  return pick(prng, ['', 'a', 'a/', 'b', '\uffff', '\ud83d\ude00']) + number;
}

it('lists keys as a sorted array would', () => {
  forSeeds(30, (prng) => {
    const sorted = new SortedKeys();
    const naive = new Set<string>();
    const different = pick(prng, [5, 100, 3_000]);
    for (let step = 0; step < 3_000; step++) {
      const key = randomKey(prng, different);
      if (prng.chance(0.6)) {
        sorted.add(key);
        naive.add(key);
      } else {
        sorted.delete(key);
        naive.delete(key);
      }
      if (step % 100 > 0) continue;
      const prefix = pick(prng, ['', '', 'a', 'a/', 'b1', '\uffff', 'zzz']);
      const after = prng.chance(0.5) ? randomKey(prng, different) : undefined;
      const most = pick(prng, [0, 1, 7, 600, 10_000]);
      expect(sorted.page(prefix, after, most)).toEqual(naivePage(naive, prefix, after, most));
      expect(sorted.size).toBe(naive.size);
    }
  });
});

it('takes keys in rising and in falling order', () => {
  const rising = new SortedKeys();
  const falling = new SortedKeys();
  const keys = Array.from({ length: 2_000 }, (_, index) => String(index).padStart(4, '0'));
  for (const key of keys) rising.add(key);
  for (const key of keys.toReversed()) falling.add(key);
  expect(rising.page('', undefined, 5_000).keys).toEqual(keys);
  expect(falling.page('', undefined, 5_000).keys).toEqual(keys);
});
