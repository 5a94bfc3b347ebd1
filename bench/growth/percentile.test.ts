import { expect, it } from 'vitest';
import { percentile } from './percentile.ts';

it('is the nearest rank, whatever the order', () => {
  const values = [15, 50, 20, 40, 35];
  expect([0.05, 0.3, 0.4, 0.5, 1].map((share) => percentile(values, share))).toEqual([15, 20, 20, 35, 50]);
  expect(values).toEqual([15, 50, 20, 40, 35]);
});

it('counts a hundred as everybody does', () => {
  const values = Array.from({ length: 100 }, (_, index) => index + 1);
  expect([percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1)]).toEqual([50, 99, 100]);
});

it('of one value is that value, of none 0', () => {
  expect(percentile([7], 0.01)).toBe(7);
  expect(percentile([], 0.5)).toBe(0);
});
