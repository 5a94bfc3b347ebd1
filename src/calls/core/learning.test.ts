import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { brokenOff, failed, instance, limited, ok, Upstream } from '../testing/upstream.ts';

describe('what a caller learns of its instances', () => {
  it('keeps what it learnt of an instance until a new incarnation comes', () => {
    const upstream = new Upstream([instance('a1')]);
    upstream.call('x');
    upstream.nowMs = 400;
    upstream.ends('x', ok);
    upstream.know([instance('a1'), instance('a2')]);
    expect(upstream.latencyMs('a1')).toBeCloseTo(400);
    upstream.call('under way');
    upstream.call('too');
    upstream.know([{ ...instance('a1'), incarnation: 'i2' }, instance('a2')]);
    expect(upstream.inFlight('a1')).toBe(0);
  });

  it('takes a newcomer for as quick as its peers are', () => {
    const upstream = new Upstream([instance('a1')]);
    upstream.call('x');
    upstream.nowMs = 300;
    upstream.ends('x', ok);
    upstream.know([instance('a1'), instance('a2')]);
    expect(upstream.latencyMs('a2')).toBeCloseTo(300);
  });

  it('averages: a peak counts at once, what is quicker by and by', () => {
    const upstream = new Upstream([instance('a1')]);
    const take = (latencyMs: number): number | undefined => {
      upstream.call('x');
      upstream.nowMs += latencyMs;
      upstream.ends('x', ok);
      return upstream.latencyMs('a1');
    };
    expect(take(500)).toBeCloseTo(500);
    upstream.nowMs += limits.latencyDecayMs - 100;
    expect(take(100)).toBeCloseTo(500 * Math.exp(-1) + 100 * (1 - Math.exp(-1)));
    upstream.nowMs += limits.latencyDecayMs;
    const before = 500 * Math.exp(-1) + 100 * (1 - Math.exp(-1));
    expect(upstream.latencyMs('a1')).toBeCloseTo(before * Math.exp(-1));
  });

  it('learns from calls that were given up, and from those that ran into their deadline', () => {
    for (const [how, waitedMs, learntMs] of [
      ['cancel', 300, 300],
      ['deadline', 300, 300],
      ['deadline', 2_000, 2_000],
    ] as const) {
      const upstream = new Upstream([instance('a1')]);
      upstream.call('x', { timeoutMs: waitedMs });
      upstream.nowMs = waitedMs;
      if (how === 'cancel') upstream.cancel('x');
      else upstream.wake('x');
      expect(upstream.latencyMs('a1')).toBeCloseTo(learntMs);
    }
  });

  it('does not take one for quick that refuses quickly, or whose callers leave at once', () => {
    const refusing = new Upstream([instance('a1')]);
    refusing.serve(1, { a1: limited });
    expect(refusing.endpoint('a1').score(refusing.nowMs)).toBe(limits.failurePenaltyMs);
    expect(refusing.endpoint('a1').recent.bad).toBe(0);
    const left = new Upstream([instance('a1')]);
    left.teach(400, 1);
    left.call('x');
    left.nowMs += 100;
    const before = left.latencyMs('a1');
    left.cancel('x');
    expect(left.latencyMs('a1')).toBe(before);
  });

  it('forgets a failure in seconds, and what an answer took more slowly', () => {
    const upstream = new Upstream([instance('a1')]);
    upstream.serve(1, { a1: failed });
    const score = (): number => upstream.endpoint('a1').score(upstream.nowMs);
    expect(score()).toBe(limits.failurePenaltyMs);
    upstream.nowMs += limits.penaltyDecayMs;
    expect(score()).toBeCloseTo(limits.failurePenaltyMs / Math.E);
    upstream.nowMs += 6 * limits.penaltyDecayMs;
    expect(score()).toBe(limits.latencyToldApartMs);
  });

  it('learns no more than a bound, however long a stream was open before it failed', () => {
    for (const how of ['deadline', 'broken off'] as const) {
      const upstream = new Upstream([instance('a1')]);
      upstream.call('stream', { timeoutMs: 3_600_000 });
      upstream.nowMs = 3_600_000;
      if (how === 'deadline') upstream.wake('stream');
      else upstream.ends('stream', brokenOff);
      expect(upstream.latencyMs('a1')).toBeCloseTo(limits.latencyLearntMaxMs);
    }
  });

  it('learns from a stream when it began to answer, not how long it was open', () => {
    const upstream = new Upstream([instance('a1')]);
    upstream.call('stream', { isStream: true, timeoutMs: 100_000 });
    upstream.nowMs = 3;
    upstream.commits('stream');
    expect(upstream.latencyMs('a1')).toBeCloseTo(3);
    upstream.nowMs = 50_000;
    const before = upstream.latencyMs('a1');
    upstream.ends('stream', ok);
    expect(upstream.latencyMs('a1')).toBe(before);
  });

  it('feels a stall at once: what is silent with calls under way attracts nothing', () => {
    for (const giveUpAfterMs of [300, 1_000]) {
      const upstream = new Upstream(
        ['hole', 'a2', 'a3'].map((id) => instance(id)),
        'p2c',
      );
      let intoTheHole = 0;
      const open: string[] = [];
      for (let index = 0; index < 1_000; index++) {
        const name = `x${index}`;
        upstream.call(name, { timeoutMs: giveUpAfterMs });
        if (upstream.at(name) === 'hole') {
          intoTheHole += 1;
          open.push(name);
        } else {
          upstream.nowMs += 2;
          upstream.ends(name, ok);
        }
        upstream.nowMs += 3;
        for (const each of open) {
          if (upstream.nowMs - upstream.get(each).startedAtMs >= giveUpAfterMs) upstream.cancel(each);
        }
      }
      expect(intoTheHole).toBeLessThan(50);
    }
  });
});
