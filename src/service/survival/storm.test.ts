import { describe, expect, it } from 'vitest';
import { limits } from '../../calls/index.ts';
import { storm } from './testing/storm.ts';

describe('a service under 500 requests/s that', () => {
  it.each(['answers 503', 'resets after reading', 'is not listening'] as const)(
    '%s sees hardly more than the load',
    async (trouble) => {
      const figures = await storm({ trouble, lastsMs: 5_000, perS: 500 });
      expect(figures.calls).toBeGreaterThan(1_500);
      expect(figures.wellAnswered).toBe(0);
      const freeMax = trouble === 'is not listening' ? figures.freeMax : 0;
      const allowed = figures.allowed + limits.retryBudgetSavedMin + freeMax;
      expect(figures.attempts).toBeLessThanOrEqual(allowed);
      expect(figures.seen).toBeLessThanOrEqual(figures.attempts);
      if (trouble !== 'is not listening') expect(figures.seen).toBeGreaterThanOrEqual(figures.calls);
    },
    60_000,
  );
});
