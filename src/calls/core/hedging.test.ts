import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { brokenOff, failed, instances, ok, refused, Upstream } from '../testing/upstream.ts';

const hedged = { idempotent: true, hedge: true };

function taught(latencyMs: number, ...ids: string[]): Upstream {
  const upstream = new Upstream(instances(...ids));
  upstream.teach(latencyMs, 2 * limits.latencySamplesMin);
  return upstream;
}

/** A hedged call with both its attempts under way. */
function both(...ids: string[]): Upstream & { readonly first: string; readonly second: string } {
  const upstream = taught(40, ...ids);
  upstream.call('x', hedged);
  const first = upstream.at('x') as string;
  upstream.pass('x');
  const second = upstream.at('x') as string;
  expect(upstream.take()).toEqual([`send x to ${first} attempt 1`, `send x to ${second} attempt 2`]);
  expect(second).not.toBe(first);
  return Object.assign(upstream, { first, second });
}

describe('hedging', () => {
  it('asks a second instance after the p95, a minimum, or a share of the time while that is unknown', () => {
    const after = (upstream: Upstream): number => {
      const startedAtMs = upstream.nowMs;
      upstream.call('x', hedged);
      upstream.pass('x');
      expect(upstream.get('x').second).toBeDefined();
      return upstream.nowMs - startedAtMs;
    };
    expect(after(new Upstream(instances('a1', 'a2')))).toBe(1_000 * limits.hedgeShare);
    expect(after(taught(1, 'a1', 'a2'))).toBeCloseTo(limits.hedgeAfterMinMs);
    const usual = after(taught(40, 'a1', 'a2'));
    expect(usual).toBeGreaterThanOrEqual(40);
    expect(usual).toBeLessThanOrEqual(40 * 1.16);
  });

  it.each(['first', 'second'] as const)(
    'delivers a good answer of the %s and abandons the other',
    (which) => {
      const upstream = both('a1', 'a2');
      upstream.ends('x', ok, which === 'first' ? 1 : 2);
      const loser = which === 'first' ? upstream.second : upstream.first;
      expect(upstream.take()).toEqual([`abort x at ${loser}: abandoned`, 'deliver x']);
      expect(upstream.get('x').answered?.number).toBe(which === 'first' ? 1 : 2);
      expect([upstream.inFlight('a1'), upstream.inFlight('a2')]).toEqual([0, 0]);
      expect(upstream.endpoint(loser).recent.bad).toBe(0);
    },
  );

  it('waits for the other when one fails, and then gives back what that one brings', () => {
    const upstream = both('a1', 'a2');
    upstream.ends('x', failed, 1);
    expect(upstream.take()).toEqual([]);
    upstream.ends('x', ok, 2);
    expect(upstream.take()).toEqual(['deliver x']);
    const bad = both('a1', 'a2');
    bad.ends('x', refused, 2);
    bad.ends('x', brokenOff, 1);
    expect(bad.take()).toEqual(['fail x: unavailable, broke off']);
  });

  it('tries a third instance when both failed', () => {
    const upstream = both('a1', 'a2', 'a3');
    upstream.ends('x', failed, 2);
    upstream.ends('x', brokenOff, 1);
    upstream.pass('x');
    const third = ['a1', 'a2', 'a3'].find((id) => id !== upstream.first && id !== upstream.second);
    expect(upstream.take()).toEqual(['backing-off x', `send x to ${third} attempt 3`]);
  });

  it('looks elsewhere once its rival has failed, though it was late before', () => {
    const upstream = both('a1', 'a2', 'a3');
    const third = ['a1', 'a2', 'a3'].find((id) => id !== upstream.first && id !== upstream.second);
    upstream.pass('x');
    expect(upstream.take()).toEqual([]);
    expect(upstream.get('x').first).toBe(upstream.attempt('x', 1));
    upstream.ends('x', brokenOff, 2);
    while (upstream.get('x').attempts < 3 && upstream.get('x').state === 'sending') upstream.pass('x');
    expect(upstream.take()).toEqual([
      `abort x at ${upstream.first}: timed-out`,
      `send x to ${third} attempt 3`,
    ]);
  });

  it('sends no hedge for a retry', () => {
    const upstream = taught(40, 'a1', 'a2', 'a3');
    upstream.call('x', hedged);
    upstream.ends('x', refused);
    upstream.nowMs = upstream.get('x').startedAtMs + 60;
    upstream.wake('x');
    expect(upstream.take()).toHaveLength(2);
    expect(upstream.get('x').second).toBeUndefined();
  });

  it.each([
    ['may not be repeated', { idempotent: false, hedge: true }],
    ['belongs to a retry', { ...hedged, isWithinRetry: true }],
    ['is a stream', { ...hedged, isStream: true }],
    ['does not ask for it', { idempotent: true }],
  ] as const)('leaves a call alone that %s', (_, terms) => {
    const upstream = taught(40, 'a1', 'a2');
    upstream.call('x', terms);
    expect(upstream.get('x').hedgeAtMs).toBe(Number.POSITIVE_INFINITY);
    upstream.nowMs += 60;
    upstream.wake('x');
    expect(upstream.take()).toHaveLength(1);
  });

  it.each([
    [
      'the budget is used up',
      (upstream: Upstream) => {
        while (upstream.core.budget.spend(upstream.nowMs + 50));
      },
    ],
    ['there is no other instance', (upstream: Upstream) => upstream.know(instances('a1'))],
    [
      'the other has no room',
      (upstream: Upstream) => {
        for (let index = 0; upstream.inFlight('a2') !== limits.inFlightMax; index++) {
          upstream.call(`held ${index}`, { timeoutMs: 60_000 });
          if (upstream.at(`held ${index}`) === 'a1') upstream.ends(`held ${index}`, ok);
        }
      },
    ],
  ] as const)('does without when %s', (_, hinder) => {
    const upstream = taught(40, 'a1', 'a2');
    for (let index = 0; upstream.at('x') !== 'a1'; index++) {
      if (index > 0) upstream.ends('x', ok);
      upstream.call('x', hedged);
    }
    hinder(upstream);
    upstream.take();
    const before = upstream.core.budget.left(upstream.nowMs + 60);
    upstream.pass('x');
    expect(upstream.take()).toEqual([]);
    expect(upstream.core.budget.left(upstream.nowMs)).toBeCloseTo(before);
    upstream.ends('x', ok);
    expect(upstream.take()).toEqual(['deliver x']);
  });

  it('ends both attempts when the caller leaves or its time is up', () => {
    const cancelled = both('a1', 'a2');
    cancelled.cancel('x');
    expect(cancelled.take().map((line) => line.split(',')[0])).toEqual([
      `abort x at ${cancelled.first}: abandoned`,
      `abort x at ${cancelled.second}: abandoned`,
      'fail x: cancelled',
    ]);
    const late = both('a1', 'a2');
    late.nowMs = late.get('x').deadlineMs;
    late.wake('x');
    expect(late.take().slice(0, 2)).toEqual([
      `abort x at ${late.first}: timed-out`,
      `abort x at ${late.second}: timed-out`,
    ]);
    expect([late.inFlight('a1'), late.inFlight('a2')]).toEqual([0, 0]);
  });

  it('does not hide an instance that hangs: it is chosen less after each hedge it lost', () => {
    const upstream = new Upstream(instances('hole', 'a2', 'a3'), 'p2c');
    upstream.teach(10, 60);
    let intoTheHole = 0;
    for (let index = 0; index < 300; index++) {
      const name = `x${index}`;
      upstream.call(name, { idempotent: true, hedge: true });
      if (upstream.at(name) === 'hole') {
        intoTheHole += 1;
        upstream.nowMs = upstream.get(name).hedgeAtMs;
        upstream.wake(name);
      }
      upstream.nowMs += 10;
      if (upstream.at(name) !== 'hole') upstream.ends(name, ok);
      else upstream.cancel(name);
    }
    expect(intoTheHole).toBeLessThan(30);
  });
});
