import { describe, expect, it } from 'vitest';
import { limits } from '../../calls/index.ts';
import { blackHole } from './testing/black-hole.ts';
import { ejectedAndHealed, failingFast } from './testing/failing-fast.ts';
import { flapping } from './testing/flapping.ts';
import { outage } from './testing/outage.ts';
import { storm } from './testing/storm.ts';

const timeoutMs = 5 * 60_000;

describe('one instance of three', () => {
  it.each(['p2c', 'round-robin'] as const)(
    'that is killed 80 times and comes back (%s)',
    async (balance) => {
      const figures = await flapping({ kills: 80, perS: 300, delayMs: 20, balance });
      expect(figures.getFailures).toEqual([]);
      expect(figures.postFailuresUnowed).toEqual([]);
      expect(figures.postsRepeated).toEqual([]);
    },
    timeoutMs,
  );

  it.each(['cold', 'warm'] as const)(
    'that accepts and never answers for half a minute (%s)',
    async (begins) => {
      const figures = await blackHole({ begins, lastsMs: 30_000, perS: 200 });
      expect(figures.getFailures).toEqual([]);
      expect(figures.settledP99Ms).toBeLessThan(250);
      // One, were it not for stalls of the caller, which the verdict tells: after one all instances look
      // slow. Five in a row eject it; those under way by then fail as well.
      expect(figures.postFailures.length).toBeLessThanOrEqual(10);
      expect(figures.postsRepeated).toEqual([]);
    },
    timeoutMs,
  );

  it.each([5, 20, 100])(
    'that answers 500 at once for a minute, the others after %i ms',
    async (delayMs) => {
      const figures = await failingFast({ delayMs, lastsMs: 60_000, perS: 200 });
      expect(figures.failures).toEqual([]);
      expect(figures.share).toBeLessThan(0.02);
    },
    timeoutMs,
  );

  it(
    'that is ejected and healed',
    async () => {
      const figures = await ejectedAndHealed({ delayMs: 100, perS: 300 });
      expect(figures.failures).toEqual([]);
      expect(figures.attemptsWhileOut).toEqual(['probe: ok']);
    },
    timeoutMs,
  );
});

describe('all instances', () => {
  it(
    'away for half a minute',
    async () => {
      const figures = await outage({ downMs: 30_000, perS: 200 });
      expect(figures.downFailures).toHaveLength(figures.down.length);
      expect(figures.downP99Ms).toBeLessThan(100);
      expect(figures.firstSuccessMs).toBeLessThanOrEqual(limits.unreachableMaxMs);
      expect(figures.afterFailures).toEqual([]);
    },
    timeoutMs,
  );

  it.each(['answers 503', 'resets after reading', 'is not listening'] as const)(
    'in trouble at 500 requests/s for a minute: the service %s',
    async (trouble) => {
      const figures = await storm({ trouble, lastsMs: 60_000, perS: 500 });
      const freeMax = trouble === 'is not listening' ? figures.freeMax : 0;
      expect(figures.attempts).toBeLessThanOrEqual(figures.allowed + limits.retryBudgetSavedMin + freeMax);
      expect(figures.wellAnswered).toBe(0);
    },
    timeoutMs,
  );
});
