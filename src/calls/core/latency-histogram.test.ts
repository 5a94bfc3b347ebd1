import { describe, expect, it } from 'vitest';
import { Prng } from '../../std/index.ts';
import { limits } from '../limits.ts';
import { LatencyHistogram } from './latency-histogram.ts';

const exact = (sorted: readonly number[], share: number): number =>
  sorted[Math.ceil(sorted.length * share) - 1] as number;

function filled(latenciesMs: readonly number[], nowMs = 0): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const latencyMs of latenciesMs) histogram.record(latencyMs, nowMs);
  return histogram;
}

const times = (count: number, latencyMs: number): number[] =>
  Array.from({ length: count }, () => latencyMs);

describe('latency histogram', () => {
  it('gives quantiles that are at most 15 % too high, and never too low', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const prng = new Prng(seed);
      const scaleMs = 10 ** (prng.fraction() * 4);
      const latenciesMs = Array.from(
        { length: 20 + prng.below(2_000) },
        () => 0.25 + scaleMs * prng.fraction() ** (1 + prng.below(4)),
      );
      const histogram = filled(latenciesMs);
      const sorted = latenciesMs.sort((one, two) => one - two);
      for (const share of [0.01, 0.5, 0.95, 0.99, 1]) {
        const told = histogram.quantile(share, 0) as number;
        const ratio = told / exact(sorted, share);
        expect(ratio, `seed ${seed}, share ${share}`).toBeGreaterThanOrEqual(1 - 1e-9);
        expect(ratio, `seed ${seed}, share ${share}`).toBeLessThanOrEqual(1.15 + 1e-9);
      }
    }
  });

  it('says nothing while too few are known', () => {
    const histogram = filled(times(limits.latencySamplesMin - 1, 10));
    expect(histogram.quantile(0.99, 0)).toBeUndefined();
    histogram.record(10, 0);
    expect(histogram.quantile(0.99, 0)).toBeCloseTo(10, -1);
  });

  it('takes what is out of its range, and a clock that stands still', () => {
    expect(filled(times(20, 0)).quantile(0.5, 0)).toBe(0.25);
    expect(filled(times(20, -1)).quantile(0.5, 0)).toBe(0.25);
    expect(filled(times(20, 1e12)).quantile(0.5, 0)).toBeGreaterThan(100_000);
    expect(filled(times(20, Number.POSITIVE_INFINITY)).quantile(0.5, 0)).toBeGreaterThan(100_000);
  });

  it('remembers for one to two generations', () => {
    const ageMs = limits.latencyGenerationMs;
    const histogram = filled(times(100, 1_000));
    for (let sample = 0; sample < 300; sample++) histogram.record(1, ageMs);
    expect(histogram.quantile(0.9, 2 * ageMs - 1)).toBeGreaterThanOrEqual(1_000);
    expect(histogram.quantile(0.9, 2 * ageMs + limits.quantileKeptMs)).toBeLessThan(2);
    expect(histogram.quantile(0.9, 3 * ageMs + limits.quantileKeptMs)).toBeUndefined();
    const idle = filled(times(100, 1_000));
    expect(idle.quantile(0.9, 10 * ageMs)).toBeUndefined();
  });

  it('works a quantile out anew after a while only, each share for itself', () => {
    const histogram = filled(times(100, 10));
    const before = histogram.quantile(0.5, 0);
    for (let sample = 0; sample < 1_000; sample++) histogram.record(1_000, 1);
    expect(histogram.quantile(0.5, limits.quantileKeptMs - 1)).toBe(before);
    expect(histogram.quantile(0.99, 1)).toBeGreaterThanOrEqual(1_000);
    expect(histogram.quantile(0.5, limits.quantileKeptMs)).toBeGreaterThanOrEqual(1_000);
  });
});
