import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import {
  brokenOff,
  failed,
  instance,
  instances,
  limited,
  ok,
  refused,
  Upstream,
  unsendable,
} from '../testing/upstream.ts';

const idempotent = { idempotent: true };

/** Two healthy instances and a1, ejected, whose probe is due. */
function due(): Upstream {
  const upstream = new Upstream(instances('a1', 'a2', 'a3'));
  upstream.eject('a1');
  upstream.nowMs = upstream.endpoint('a1').breaker.probeAtMs;
  upstream.take();
  return upstream;
}

/** The same with the probe under way, as the call `probe`. */
function probing(timeoutMs = 1_000): Upstream {
  const upstream = due();
  upstream.call('probe', { ...idempotent, timeoutMs });
  expect(upstream.take()).toEqual(['probing a1', 'send probe to a1 attempt 1']);
  return upstream;
}

const isDueAgain = (upstream: Upstream): boolean => {
  upstream.call('another', idempotent);
  return upstream.at('another') === 'a1';
};

describe('probe', () => {
  it('goes when the time of the ejection is up, not sooner', () => {
    const upstream = due();
    upstream.nowMs -= 0.1;
    upstream.serve(10, {}, idempotent);
    expect(upstream.take().join()).not.toContain('a1');
    upstream.nowMs += 0.1;
    upstream.call('x', idempotent);
    expect(upstream.take()).toEqual(['probing a1', 'send x to a1 attempt 1']);
    expect(upstream.attempt('x').by).toBe('probe');
  });

  it('does not go to an instance that asked for more time than its ejection lasts', () => {
    const upstream = new Upstream(instances('a1', 'a2', 'a3'));
    upstream.serve(30);
    const names = Array.from({ length: 30 }, (_, index) => `x${index}`);
    for (const name of names) upstream.call(name);
    const askedMs = limits.retryAfterMaxMs;
    for (const name of names) {
      const isSick = upstream.at(name) === 'a1';
      upstream.ends(name, isSick ? { type: 'answered', verdict: 'overloaded', retryAfterMs: askedMs } : ok);
    }
    expect(upstream.endpoint('a1').breaker.probeAtMs).toBeLessThan(askedMs);
    upstream.take();
    upstream.nowMs = askedMs - 1;
    upstream.serve(10, {}, idempotent);
    expect(upstream.take().join()).not.toContain('a1');
    upstream.nowMs = askedMs;
    expect(isDueAgain(upstream)).toBe(true);
  });

  it('waits for room: calls from before the ejection may still be under way', () => {
    const upstream = new Upstream(instances('a1', 'a2'), { balance: 'round-robin', inFlightMax: 2 });
    for (const name of ['v', 'w', 'x', 'y']) upstream.call(name, { timeoutMs: 60_000 });
    for (const name of ['v', 'w', 'x', 'y']) if (upstream.at(name) === 'a2') upstream.ends(name, ok);
    for (let index = 0; index < 20; index++) {
      const name = `stream ${index}`;
      upstream.call(name, { isStream: true });
      upstream.ends(name, upstream.at(name) === 'a1' ? failed : ok);
    }
    const { breaker, isEjected } = upstream.endpoint('a1');
    expect([isEjected, upstream.inFlight('a1')]).toEqual([true, 2]);
    upstream.nowMs = breaker.probeAtMs;
    expect(isDueAgain(upstream)).toBe(false);
    upstream.cancel(upstream.at('v') === 'a1' ? 'v' : 'w');
    expect(isDueAgain(upstream)).toBe(true);
  });

  it('is one call, and the instance gets no other meanwhile', () => {
    const upstream = probing();
    upstream.nowMs += 400;
    expect(new Set(upstream.serve(50, {}, idempotent))).toEqual(new Set(['a2', 'a3']));
  });

  it('is no stream, and nothing that is repeated already, here or by the caller', () => {
    const upstream = due();
    upstream.call('stream', { ...idempotent, isStream: true });
    upstream.call('within a retry', { ...idempotent, isWithinRetry: true });
    expect(upstream.take().join()).not.toContain('a1');
    upstream.nowMs -= 1;
    upstream.call('x', idempotent);
    upstream.ends('x', brokenOff);
    upstream.nowMs += 1;
    upstream.pass('x');
    expect(upstream.take().join()).not.toContain('a1');
  });

  it('is a call that must not be repeated only when no other came for long', () => {
    const upstream = due();
    upstream.nowMs += limits.probePatienceMs - 1;
    upstream.serve(10);
    expect(upstream.take().join()).not.toContain('a1');
    upstream.nowMs += 1;
    upstream.call('x');
    expect(upstream.take()).toEqual(['probing a1', 'send x to a1 attempt 1']);
  });

  it.each([
    ['a good answer', ok],
    ['a refusal of this caller', limited],
  ] as const)('closes the breaker with %s', (_, outcome) => {
    const upstream = probing();
    upstream.nowMs += 1;
    upstream.ends('probe', outcome);
    expect(upstream.take()).toContain('restored a1: its probe was answered');
    const { breaker, recent } = upstream.endpoint('a1');
    expect([breaker.state, recent.good, recent.bad]).toEqual(['closed', 1, 0]);
    upstream.nowMs += limits.slowStartMs;
    expect(upstream.serve(30).filter((at) => at === 'a1').length).toBeGreaterThanOrEqual(9);
  });

  it.each([
    ['fails', failed, 'as a probe, it answered with an error'],
    ['breaks off', brokenOff, 'as a probe, it broke off'],
    ['is refused', refused, 'it cannot be reached'],
  ] as const)('opens it for longer when it %s', (_, outcome, why) => {
    const upstream = probing();
    upstream.ends('probe', outcome);
    expect(upstream.take()[0]).toBe(`ejected a1: ${why}`);
    const { probeAtMs } = upstream.endpoint('a1').breaker;
    expect(probeAtMs - upstream.nowMs).toBeGreaterThanOrEqual(2 * limits.ejectionBaseMs);
    expect(probeAtMs - upstream.nowMs).toBeLessThanOrEqual(2.5 * limits.ejectionBaseMs);
  });

  it('opens it for longer when it is not answered in time, and goes elsewhere meanwhile', () => {
    const upstream = probing();
    upstream.pass('probe');
    expect(upstream.take()).toEqual([
      'ejected a1: as a probe, it did not answer in time',
      'abort probe at a1: timed-out',
      expect.stringMatching(/^send probe to a[23] attempt 2$/),
    ]);
  });

  it('is repeated at no cost: it was our wish', () => {
    const upstream = probing();
    while (upstream.core.budget.spend(upstream.nowMs));
    upstream.ends('probe', failed);
    upstream.pass('probe');
    expect(upstream.take().at(-1)).toMatch(/^send probe to a[23] attempt 2$/);
    const late = probing();
    while (late.core.budget.spend(late.nowMs + 500));
    late.pass('probe');
    expect(late.take().at(-1)).toMatch(/^send probe to a[23] attempt 2$/);
  });

  it('frees its place when it says nothing of the instance', () => {
    const cancelled = probing();
    cancelled.cancel('probe');
    expect(isDueAgain(cancelled)).toBe(false);
    cancelled.nowMs += limits.probePauseMs;
    expect(isDueAgain(cancelled)).toBe(true);
    const wrong = probing();
    wrong.ends('probe', unsendable);
    wrong.nowMs += limits.probePauseMs;
    expect(isDueAgain(wrong)).toBe(true);
  });

  it('that its caller gives up after long enough has failed: callers are not sacrificed one by one', () => {
    const upstream = probing();
    upstream.nowMs += 900;
    upstream.cancel('probe');
    expect(upstream.take()).toContain('ejected a1: as a probe, it did not answer in time');
    upstream.nowMs += limits.ejectionBaseMs;
    expect(isDueAgain(upstream)).toBe(false);
  });

  it('lets its instance back when the others fail as well', () => {
    const upstream = due();
    upstream.serve(20, { a2: failed, a3: failed });
    upstream.nowMs = Math.max(upstream.nowMs, upstream.endpoint('a1').breaker.probeAtMs);
    upstream.take();
    upstream.serve(20, { a1: failed, a2: failed, a3: failed }, idempotent);
    expect(upstream.take()).toContain('restored a1: the others fail as well');
  });

  it('is not asked of streams; when only they come, the instance is tried without one', () => {
    const upstream = due();
    const stream = { isStream: true, timeoutMs: 3_600_000 };
    upstream.call('early', stream);
    expect(upstream.endpoint('a1').isEjected).toBe(true);
    upstream.nowMs += limits.probePatienceMs;
    upstream.take();
    upstream.call('late', stream);
    expect(upstream.take()[0]).toBe('restored a1: no call came that could be its probe');
  });

  it('loses its place when another attempt of its call answers first', () => {
    const upstream = due();
    upstream.call('probe', { ...idempotent, hedge: true });
    expect(upstream.at('probe')).toBe('a1');
    upstream.pass('probe');
    const other = upstream.at('probe');
    expect(other).not.toBe('a1');
    upstream.ends('probe', ok);
    expect(upstream.take().slice(-2)).toEqual(['abort probe at a1: abandoned', 'deliver probe']);
    upstream.nowMs += limits.probePauseMs;
    expect(isDueAgain(upstream)).toBe(true);
  });

  it('is never the second attempt of a hedged call', () => {
    const upstream = due();
    upstream.nowMs -= 1;
    upstream.call('x', { ...idempotent, hedge: true });
    upstream.nowMs += 1;
    upstream.pass('x');
    expect(upstream.get('x').second).toBeDefined();
    expect(upstream.take().join()).not.toContain('a1');
  });

  it('concerns nobody any more when another incarnation took the place of its instance', () => {
    const upstream = probing();
    upstream.know([{ ...instance('a1'), incarnation: 'i2' }, instance('a2'), instance('a3')]);
    upstream.ends('probe', failed);
    const { breaker, recent, inFlight } = upstream.endpoint('a1');
    expect([breaker.state, recent.bad, inFlight]).toEqual(['closed', 0, 0]);
    expect(upstream.take()).toEqual(['backing-off probe']);
  });

  it('settles its breaker though its instance drains meanwhile', () => {
    const upstream = probing();
    upstream.know([instance('a1', 'draining'), instance('a2'), instance('a3')]);
    upstream.ends('probe', ok);
    expect(upstream.endpoint('a1').breaker.state).toBe('closed');
    expect(new Set(upstream.serve(20))).toEqual(new Set(['a2', 'a3']));
  });

  it('finds one instance at a time: each ejected one has its own', () => {
    const upstream = new Upstream(instances('a1', 'a2', 'a3', 'a4'));
    upstream.eject('a1');
    upstream.eject('a2');
    upstream.nowMs = 10_000;
    upstream.take();
    for (const name of ['x', 'y', 'z']) upstream.call(name, idempotent);
    const targets = ['x', 'y', 'z'].map((name) => upstream.at(name));
    expect(targets.slice(0, 2).sort()).toEqual(['a1', 'a2']);
    expect(['a3', 'a4']).toContain(targets[2]);
  });
});
