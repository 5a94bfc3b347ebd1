import { expect, it } from 'vitest';
import { dot, dots, vector } from '../testing/records.ts';
import { coversAll, coversDot, dotsOf, includes, raise, sequenceOf } from './vector.ts';

it('covers what lies at or below it', () => {
  const applied = vector('a3 b1');
  expect(sequenceOf(applied, 'nobody')).toBe(0);
  expect(coversDot(applied, dot('a3'))).toBe(true);
  expect(coversDot(applied, dot('a4'))).toBe(false);
  expect(coversDot(applied, dot('c1'))).toBe(false);
  expect(coversAll(applied, dots('a1 b1'))).toBe(true);
  expect(coversAll(applied, dots('a1 b2'))).toBe(false);
  expect(coversAll(applied, [])).toBe(true);
});

it('includes another that has no more of any origin', () => {
  expect(includes(vector('a3 b1'), vector('a3'))).toBe(true);
  expect(includes(vector('a3'), vector('a3 b1'))).toBe(false);
  expect(includes(vector(''), vector(''))).toBe(true);
});

it('only rises', () => {
  const applied = vector('a3');
  raise(applied, dot('a1').origin, 1);
  raise(applied, dot('b2').origin, 2);
  expect(applied).toEqual(vector('a3 b2'));
  expect(dotsOf(applied)).toEqual(dots('a3 b2'));
});
