import { expect, it } from 'vitest';
import { type CounterExample, counterExample } from './counter-example.ts';
import { type RegisterInput, type RegisterOutput, registerModel } from './models/register.ts';
import type { TimedOperation } from './operation.ts';
import { Search } from './search.ts';
import { drawn, ofRegister } from './testing/drawn.ts';
import { models, randomHistory, registerOf } from './testing/random-history.ts';
import { isLinearizable } from './testing/reference.ts';

const seeds = 2_000;

it('shows a stale read', () => {
  expect(
    told(`
    a: |write 1|   |write 2|
    b:     |read 1|           |read 1|`),
  ).toEqual([
    'No order explains these 3 operations, whatever became of the other one.',
    '  ms  7         15  19        27  30          37',
    '  a   |-write 1-|   |-write 2-|',
    '  b                               |-read -> 1-|',
    'The longest order that fits: a write 1, a write 2. Then the value is 2.',
    'b read -> 1 cannot be placed.',
  ]);
});

it('shows a read of what nobody wrote', () => {
  expect(
    told(`
    a: |write 1|   |write 2|
    b:                        |read 7|`),
  ).toEqual([
    'No order explains this operation, whatever became of the other 2.',
    '  ms  30          37',
    '  b   |-read -> 7-|',
    'At first the value is nothing.',
    'b read -> 7 cannot be placed.',
  ]);
});

it('shows who wrote what was read, though it would be wrong whenever that was', () => {
  expect(
    told(`
    a: |write 1|
    b: |write 2|
    c:             |read 2|  |read 1|`),
  ).toEqual([
    'No order explains these 4 operations.',
    '  ms  7         15  19          26  29          36',
    '  a   |-write 1-|',
    '  b   |-write 2-|',
    '  c                 |-read -> 2-|   |-read -> 1-|',
    'The longest order that fits: a write 1, b write 2, c read -> 2. Then the value is 2.',
    'c read -> 1 cannot be placed.',
  ]);
});

it('shows who has no answer with an open end, on a line of its own', () => {
  expect(
    told(`
    a: |write 2 ...
    a:                |write 1||read 2| |write 1| |read 2|`),
  ).toEqual([
    'No order explains these 4 operations, whatever became of the other one.',
    '  ms  7  31          38  40        48  50          57',
    '  a   |-write 2 ...',
    '  a      |-read -> 2-|   |-write 1-|   |-read -> 2-|',
    'The longest order that fits: a write 2, a read -> 2, a write 1. Then the value is 1.',
    'a read -> 2 cannot be placed.',
  ]);
});

it('is a list when a diagram would be too wide', () => {
  const swap = (value: number, callMs: number): TimedOperation<RegisterInput, RegisterOutput> => ({
    client: 'a',
    callMs,
    input: { type: 'cas', expected: value === 1 ? null : value - 1, value },
    answer: { returnMs: callMs + 5, output: true },
  });
  const swaps = Array.from({ length: 12 }, (_, index) => swap(index + 1, 10 * index));
  const { lines } = toldOf([...swaps, swap(12, 200)]);
  expect(lines.slice(0, 3)).toEqual([
    'No order explains these 13 operations.',
    '  a cas nothing to 1 -> done, 0 to 5 ms',
    '  a cas 1 to 2 -> done, 10 to 15 ms',
  ]);
  expect(lines.at(-1)).toBe('a cas 11 to 12 -> done cannot be placed.');
});

it('is wrong by itself', () => {
  for (let seed = 0; seed < seeds; seed++) {
    const history = randomHistory(seed, registerOf);
    if (isLinearizable(models.register, history)) continue;
    const { operations, lines } = toldOf(history);
    const text = `randomHistory(${seed}, registerOf):\n${lines.join('\n')}`;
    expect(isLinearizable(models.register, operations), text).toBe(false);
  }
});

function told(picture: string): readonly string[] {
  return toldOf(drawn(picture, ofRegister)).lines;
}

function toldOf(
  history: readonly TimedOperation<RegisterInput, RegisterOutput>[],
): CounterExample<RegisterInput, RegisterOutput> {
  const search = new Search(registerModel(), history);
  expect(search.run(Number.POSITIVE_INFINITY)).toBe('not-linearizable');
  return counterExample(registerModel(), history, search.best);
}
