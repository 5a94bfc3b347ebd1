import { expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { id, vector, write } from '../testing/records.ts';
import { forSeeds, shuffled } from '../testing/seeds.ts';
import { Graves } from './graves.ts';
import type { Write } from './record.ts';

const tombstone = (word: string): Write => write(word, { key: `k${word}`, value: undefined });

const names = (writes: readonly Write[]): string[] =>
  writes.map(({ origin, sequence }) => `${origin.slice(0, 1)}${sequence}`).sort();

it('gives those that everybody has, in whatever order they came, each once', () => {
  forSeeds(50, (prng) => {
    const graves = new Graves(() => true);
    for (const word of shuffled(prng, ['a1', 'a2', 'a5', 'b3', 'b4'])) graves.add(tombstone(word));
    expect(names(graves.take(vector('a2 b2')))).toEqual(['a1', 'a2']);
    expect(names(graves.take(vector('a2 b3')))).toEqual(['b3']);
    graves.add(tombstone('a3'));
    expect(names(graves.take(vector('a9 b9')))).toEqual(['a3', 'a5', 'b4']);
    expect([graves.take(vector('a9 b9')), graves.size]).toEqual([[], 0]);
  });
});

it('leaves out those that do not decide any more', () => {
  const graves = new Graves(({ sequence }) => sequence !== 2);
  for (const word of ['a1', 'a2', 'a3']) graves.add(tombstone(word));
  expect(names(graves.take(vector('a9')))).toEqual(['a1', 'a3']);
});

it('keeps no more than twice those that decide, and some', () => {
  let current = 0;
  const graves = new Graves(({ sequence }) => sequence === current);
  for (let sequence = 1; sequence < 20 * limits.gravesSweptMin; sequence++) {
    current = sequence;
    graves.add(tombstone(`a${sequence}`));
    expect(graves.size).toBeLessThanOrEqual(limits.gravesSweptMin);
  }
});

it('takes them from the end of a stream to its beginning as quickly', () => {
  const graves = new Graves(() => true);
  const count = 100_000;
  // Searched for its place each of them would pass all that are there: five thousand million steps.
  for (let sequence = count; sequence > 0; sequence--) graves.add(tombstone(`a${sequence}`));
  expect(graves.take(new Map([[id('a'), count]])).length).toBe(count);
});
