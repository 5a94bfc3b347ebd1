import { describe, expect, it } from 'vitest';
import { Prng } from '../../std/index.ts';
import { limits } from '../limits.ts';
import { RecentOutcomes } from './recent-outcomes.ts';

const sliceMs = limits.outcomesWindowMs / limits.outcomesSlices;

/** All that ever happened, counted anew each time. */
class NaiveOutcomes {
  readonly #all: { readonly isGood: boolean; readonly slice: number }[] = [];

  record(isGood: boolean, nowMs: number): void {
    this.#all.push({ isGood, slice: Math.floor(nowMs / sliceMs) });
  }

  count(isGood: boolean, nowMs: number): number {
    const oldest = Math.floor(nowMs / sliceMs) - limits.outcomesSlices + 1;
    return this.#all.filter((each) => each.isGood === isGood && each.slice >= oldest).length;
  }

  badInARow(): number {
    return this.#all.length - 1 - this.#all.findLastIndex(({ isGood }) => isGood);
  }

  clear(): void {
    this.#all.length = 0;
  }
}

describe('recent outcomes', () => {
  it('counts what a window holds, as counting everything anew does', () => {
    for (let seed = 1; seed <= 100; seed++) {
      const prng = new Prng(seed);
      const recent = new RecentOutcomes();
      const naive = new NaiveOutcomes();
      let nowMs = prng.below(50_000);
      for (let step = 0; step < 200; step++) {
        // Bursts, pauses within the window, pauses longer than it.
        nowMs +=
          [0, prng.below(sliceMs), prng.below(5 * sliceMs), prng.below(30 * sliceMs)][prng.below(4)] ?? 0;
        if (prng.chance(0.8)) {
          const isGood = prng.chance(0.6);
          recent.record(isGood, nowMs, nowMs);
          naive.record(isGood, nowMs);
        } else recent.forget(nowMs);
        if (prng.chance(0.01)) {
          recent.clear();
          naive.clear();
        }
        expect([recent.good, recent.bad, recent.badInARow], `seed ${seed}, step ${step}`).toEqual([
          naive.count(true, nowMs),
          naive.count(false, nowMs),
          naive.badInARow(),
        ]);
      }
    }
  });

  it('keeps the row of failures when the window has left them behind', () => {
    const recent = new RecentOutcomes();
    for (let minute = 0; minute < 5; minute++) recent.record(false, minute * 60_000, minute * 60_000);
    expect([recent.bad, recent.badInARow]).toEqual([1, 5]);
  });

  it('counts what fails together once in the row', () => {
    const recent = new RecentOutcomes();
    for (let attempt = 0; attempt < 50; attempt++) recent.record(false, 100 + attempt, 250);
    expect([recent.bad, recent.badInARow]).toEqual([50, 1]);
    recent.record(false, 249, 260);
    expect(recent.badInARow).toBe(1);
    recent.record(false, 250, 270);
    expect(recent.badInARow).toBe(2);
    recent.record(true, 0, 280);
    expect(recent.badInARow).toBe(0);
    recent.record(false, 0, 290);
    expect(recent.badInARow).toBe(1);
  });
});
