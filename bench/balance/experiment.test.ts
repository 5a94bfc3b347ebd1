import { describe, expect, it } from 'vitest';
import { runExperiment, type Variant, variants } from './experiment.ts';

const success = (name: string): number => {
  const variant = variants.find((each) => each.name === name) as Variant;
  const { succeeded, calls } = runExperiment(variant, 1);
  return succeeded / calls;
};

describe('one slow instance of ten', () => {
  it('costs round robin what was published, and p2c on peak EWMA less than the best published', () => {
    const roundRobin = success('round-robin alone');
    expect(roundRobin).toBeGreaterThan(0.945);
    expect(roundRobin).toBeLessThan(0.955);
    expect(success('least-in-flight alone')).toBeGreaterThan(0.99);
    expect(success('p2c alone')).toBeGreaterThan(0.999);
  });

  it('costs hardly a call with all defaults, and none that may be repeated', () => {
    expect(success('all defaults')).toBeGreaterThan(0.999);
    expect(success('all defaults, idempotent calls')).toBe(1);
  });

  it('gives the same figures for the same seed', () => {
    const [variant] = variants as [Variant];
    expect(runExperiment(variant, 7)).toEqual(runExperiment(variant, 7));
  });
});
