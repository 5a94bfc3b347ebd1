import { describe, expect, it } from 'vitest';
import { failsMoreThan, isNoChance } from './outlier.ts';

describe('failing more than peers', () => {
  it.each([
    ['one that only fails, beside good peers', [0, 5], [20, 0], true],
    ['the same beside as many good attempts', [0, 10], [10, 0], true],
    ['the same when nothing is known of the peers', [0, 5], [0, 0], false],
    ['many failures with nothing known of the peers', [0, 30], [0, 0], true],
    ['a single failure beside many good ones', [0, 1], [1_000, 0], true],
    ['a single failure beside few good ones', [0, 1], [4, 0], false],
    ['poison: all fail alike', [0, 20], [0, 60], false],
    ['poison now and then', [14, 6], [40, 20], false],
    ['most of the peers failing too', [0, 20], [10, 50], false],
    ['half of the peers failing too', [0, 30], [40, 40], true],
    ['half of its attempts, beside good peers', [10, 10], [60, 0], true],
    ['clearly more, but by less than a quarter', [700, 300], [1_000, 80], false],
    ['by more than a quarter with many attempts', [700, 300], [1_000, 20], true],
    ['by more than a quarter with too few to be sure', [3, 2], [9, 1], false],
    ['fewer failures than the peers have', [19, 1], [10, 10], false],
    ['nothing known of itself', [0, 0], [10, 0], false],
    ['no failure at all', [20, 0], [20, 0], false],
  ] as const)('%s', (_, [good, bad], [peersGood, peersBad], isOutlier) => {
    expect(failsMoreThan({ good, bad }, { good: peersGood, bad: peersBad })).toBe(isOutlier);
  });
});

describe('failures in a row', () => {
  it.each([
    ['beside peers that never fail', 5, [20, 0], true],
    ['few, beside few good attempts', 3, [20, 0], false],
    ['few, beside many good attempts', 3, [1_000, 0], true],
    ['with nothing known of the peers', 5, [0, 0], false],
    ['many with nothing known of the peers', 8, [0, 0], true],
    ['poison: a third of all fails', 10, [200, 100], false],
    ['more than poison explains', 13, [200, 100], true],
    ['everybody fails', 1_000, [0, 1_000], false],
  ] as const)('%s', (_, inARow, [good, bad], isNone) => {
    expect(isNoChance(inARow, { good, bad })).toBe(isNone);
  });
});
