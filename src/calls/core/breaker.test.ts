import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { brokenOff, failed, instance, instances, ok, overloaded, Upstream } from '../testing/upstream.ts';
import { Breaker } from './breaker.ts';
import type { Outcome } from './events.ts';

const reports = (upstream: Upstream): string[] =>
  upstream.take().filter((line) => /^(ejected|probing|restored)/.test(line));

/** Serves calls of which those at a1 end in turn as the pattern says: + well, - not. Until it is ejected. */
function servePattern(upstream: Upstream, pattern: string, count: number, everyMs = 0): void {
  for (let index = 0; index < count; index++) {
    const outcome = pattern[index % pattern.length] === '+' ? ok : failed;
    for (let at = ''; at !== 'a1'; ) at = upstream.serve(1, { a1: outcome })[0] as string;
    if (upstream.endpoint('a1').isEjected) return;
    upstream.nowMs += everyMs;
  }
}

describe('what opens a breaker', () => {
  it.each([
    ['answers with an error', failed],
    ['refuses to work', overloaded],
    ['breaks off', brokenOff],
  ] as const)('the fifth failure in a row: it %s', (_, outcome) => {
    const upstream = new Upstream(instances('a1', 'a2', 'a3'));
    const bad: Record<string, Outcome> = { a1: outcome };
    upstream.serve(12, bad);
    expect(upstream.endpoint('a1').recent.badInARow).toBe(4);
    expect(reports(upstream)).toEqual([]);
    upstream.serve(3, bad);
    expect(reports(upstream)).toEqual(['ejected a1: 5 failures in a row']);
    expect(new Set(upstream.serve(100))).toEqual(new Set(['a2', 'a3']));
  });

  it('not five failures with a success between them', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    servePattern(upstream, '+----', 15);
    expect(reports(upstream)).toEqual([]);
  });

  it('less than half of twenty attempts within the window going well', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    servePattern(upstream, '--+', 19);
    expect(reports(upstream)).toEqual([]);
    servePattern(upstream, '-', 1);
    expect(reports(upstream)).toEqual(['ejected a1: 14 failures of 20']);
  });

  it('neither half of them going well, nor failures that the window has left behind', () => {
    const even = new Upstream(instances('a1', 'a2'));
    servePattern(even, '+-', 200);
    expect(reports(even)).toEqual([]);
    const slow = new Upstream(instances('a1', 'a2'));
    servePattern(slow, '--+', 200, limits.outcomesWindowMs / 15);
    expect(reports(slow)).toEqual([]);
  });
});

describe('breaker', () => {
  it('is open for twice as long each time, up to a bound, and at most a quarter longer by lot', () => {
    const openings = (random: number): number[] => {
      const breaker = new Breaker();
      let nowMs = 0;
      return Array.from({ length: 8 }, () => {
        const forMs = breaker.open('', nowMs, random);
        expect(breaker.probeAtMs).toBe(nowMs + forMs);
        nowMs += forMs;
        breaker.startProbe();
        return forMs / 1_000;
      });
    };
    expect(openings(0)).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
    expect(openings(1)).toEqual([6.25, 12.5, 25, 50, 100, 200, 300, 300]);
  });

  it('forgives one opening a quiet minute', () => {
    const opensForS = (quietMs: number): number => {
      const breaker = new Breaker();
      for (let opening = 0; opening < 3; opening++) breaker.open('', 0, 0);
      breaker.close(1_000);
      return breaker.open('', 1_000 + quietMs, 0) / 1_000;
    };
    expect([0, 59_999, 60_000, 120_000, 180_000, 3_600_000].map(opensForS)).toEqual([40, 40, 20, 10, 5, 5]);
  });

  it('takes one probe at a time, and gives the place of one that said nothing to the next', () => {
    const breaker = new Breaker();
    breaker.open('', 0, 0);
    expect(breaker.takesProbe(true, 4_999)).toBe(false);
    expect(breaker.takesProbe(true, 5_000)).toBe(true);
    breaker.startProbe();
    expect(breaker.takesProbe(true, 5_000)).toBe(false);
    expect(() => breaker.startProbe()).toThrow('one probe at a time');
    breaker.freeProbe(5_000);
    expect(() => breaker.freeProbe(5_000)).toThrow('freed once');
    expect(breaker.takesProbe(true, 5_000 + limits.probePauseMs - 1)).toBe(false);
    expect(breaker.takesProbe(true, 5_000 + limits.probePauseMs)).toBe(true);
  });

  it('counts an epoch with every change of state', () => {
    const breaker = new Breaker();
    const epochs = [breaker.epoch];
    for (const change of [
      () => breaker.open('', 0, 0),
      () => breaker.startProbe(),
      () => breaker.open('', 0, 0),
      () => breaker.close(0),
    ]) {
      change();
      epochs.push(breaker.epoch);
    }
    expect(epochs).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('what began in another epoch', () => {
  it('changes nothing but the number of calls under way', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    const early = ['e1', 'e2', 'e3', 'e4', 'e5', 'e6', 'e7', 'e8'];
    for (const name of early) upstream.call(name, { timeoutMs: 60_000 });
    const atA1 = early.filter((name) => upstream.at(name) === 'a1');
    expect(atA1).toHaveLength(4);
    upstream.eject('a1');
    reports(upstream);
    const { recent, latency } = upstream.endpoint('a1');
    const before = [recent.good, recent.bad, latency.at(0)];
    upstream.ends(atA1[0] as string, ok);
    upstream.ends(atA1[1] as string, failed);
    upstream.cancel(atA1[2] as string);
    expect([recent.good, recent.bad, latency.at(0)]).toEqual(before);
    expect(upstream.inFlight('a1')).toBe(1);
    // Open again and closed since: what comes of the first epoch is still of the first.
    upstream.nowMs = 10_000;
    upstream.serve(1, {}, { idempotent: true });
    expect(reports(upstream)).toEqual(['probing a1', 'restored a1: its probe was answered']);
    upstream.ends(atA1[3] as string, failed);
    expect([recent.good, recent.bad, recent.badInARow]).toEqual([1, 0, 0]);
    expect(upstream.inFlight('a1')).toBe(0);
  });

  it('nor does what an earlier incarnation brings', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    for (let index = 0; index < 20; index++) upstream.call(`x${index}`);
    upstream.know([{ ...instance('a1'), incarnation: 'i2' }, instance('a2')]);
    for (let index = 0; index < 20; index++) {
      if (upstream.at(`x${index}`) === 'a1') upstream.ends(`x${index}`, failed);
    }
    expect(reports(upstream)).toEqual([]);
    expect(upstream.endpoint('a1').recent.bad).toBe(0);
    expect(upstream.inFlight('a1')).toBe(0);
  });
});
