import { describe, expect, it } from 'vitest';
import { blackHole } from './testing/black-hole.ts';
import { ejectedAndHealed, failingFast } from './testing/failing-fast.ts';
import { flapping } from './testing/flapping.ts';
import { outage } from './testing/outage.ts';

const timeoutMs = 90_000;

describe('one instance of three', () => {
  it.each([
    { balance: 'p2c', kills: 3, perS: 250, delayMs: 100 },
    { balance: 'round-robin', kills: 5, perS: 150, delayMs: 30 },
  ] as const)(
    'that is killed and comes back fails no GET, and repeats no POST ($balance)',
    async (options) => {
      const figures = await flapping(options);
      expect(figures.getFailures).toEqual([]);
      expect(figures.postFailuresUnowed).toEqual([]);
      expect(figures.postsRepeated).toEqual([]);
      expect(figures.gets).toBeGreaterThan(100);
      expect(figures.posts).toBeGreaterThan(50);
      // It was missed: what was survived was more than the end of an idle process.
      expect(figures.killsFelt).toBeGreaterThan(0);
    },
    timeoutMs,
  );

  it.each(['cold', 'warm'] as const)(
    'that accepts and never answers (%s) fails no GET, and few POSTs',
    async (begins) => {
      const figures = await blackHole({ begins, lastsMs: 4_500, perS: 75 });
      expect(figures.getFailures).toEqual([]);
      expect(figures.getsSettled).toBeGreaterThan(50);
      // A caller that stalls itself tries the instance now and then. Not one in twenty goes there.
      expect(figures.timeoutsSettled).toBeLessThan((figures.getsSettled * 2) / 20);
      expect(figures.posts).toBeGreaterThan(200);
      expect(figures.postFailures.length).toBeLessThanOrEqual(10);
      expect(figures.postsRepeated).toEqual([]);
    },
    timeoutMs,
  );

  it(
    'that answers 500 at once, and is the quickest of all, attracts nothing',
    async () => {
      const figures = await failingFast({ delayMs: 5, lastsMs: 2_000, perS: 150 });
      expect(figures.failures).toEqual([]);
      expect(figures.calls).toBeGreaterThan(300);
      expect(figures.share).toBeLessThan(0.1);
    },
    timeoutMs,
  );

  it(
    'that goes on failing is ejected, and comes back by one probe when it is healed',
    async () => {
      const figures = await ejectedAndHealed({ delayMs: 100, perS: 250 });
      expect(figures.failures).toEqual([]);
      expect(figures.story[0]).toBe('ejected');
      expect(figures.story.at(-1)).toBe('restored');
      // One probe at a time, and nothing but probes; a busy machine may lose the first.
      expect(figures.story.filter((event) => event === 'probing')).toHaveLength(
        figures.attemptsWhileOut.length,
      );
      for (const attempt of figures.attemptsWhileOut) expect(attempt).toMatch(/^probe: /);
      expect(figures.attemptsWhileOut.at(-1)).toBe('probe: ok');
    },
    timeoutMs,
  );
});

describe('all instances', () => {
  it(
    'away fail every call at once, and the first that is back is found soon',
    async () => {
      const figures = await outage({ downMs: 2_000, perS: 100 });
      expect(figures.down.length).toBeGreaterThan(100);
      expect(figures.downFailures).toHaveLength(figures.down.length);
      expect(figures.downP99Ms).toBeLessThan(500);
      expect(figures.downUnsent).toHaveLength(figures.down.length);
      for (const sentence of figures.sentences) {
        expect(sentence).toMatch(/^subject-N at N\.N\.N\.N:N cannot be reached \(/);
      }
      expect(figures.firstSuccessMs).toBeLessThan(6_000);
      expect(figures.after).toBeGreaterThan(50);
      expect(figures.afterFailures).toEqual([]);
    },
    timeoutMs,
  );
});
