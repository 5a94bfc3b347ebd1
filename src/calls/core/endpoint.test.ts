import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { instances, ok, overloaded, refused, Upstream } from '../testing/upstream.ts';
import type { Outcome } from './events.ts';

const busyFor = (retryAfterMs: number): Outcome => ({ ...overloaded, retryAfterMs }) as Outcome;

/** Two instances; `x` is under way at a1. */
function atA1(): Upstream {
  const upstream = new Upstream(instances('a1', 'a2'));
  for (let index = 0; upstream.at('x') !== 'a1'; index++) {
    if (index > 0) upstream.ends('x', ok);
    upstream.call('x');
  }
  return upstream;
}

const goesToA1 = (upstream: Upstream): boolean => upstream.serve(8).includes('a1');

describe('an instance that asks for time', () => {
  it.each([
    [0, 0],
    [3_000, 3_000],
    [limits.retryAfterMaxMs, limits.retryAfterMaxMs],
    [Number.POSITIVE_INFINITY, limits.retryAfterMaxMs],
  ])('%d ms is passed over for %d ms', (askedMs, forMs) => {
    const upstream = atA1();
    upstream.ends('x', busyFor(askedMs));
    if (forMs > 0) {
      expect(goesToA1(upstream)).toBe(false);
      upstream.nowMs = forMs - 1;
      expect(goesToA1(upstream)).toBe(false);
    }
    upstream.nowMs = forMs;
    expect(goesToA1(upstream)).toBe(true);
  });

  it('gets it, whatever it answers to calls that it had before', () => {
    const upstream = atA1();
    upstream.call('y');
    upstream.call('z');
    const before = upstream.at('y') === 'a1' ? 'y' : 'z';
    upstream.ends('x', busyFor(3_000));
    upstream.ends(before, ok);
    expect(goesToA1(upstream)).toBe(false);
  });

  it('is asked all the same when there is no other', () => {
    const upstream = new Upstream(instances('a1'));
    upstream.call('x');
    upstream.ends('x', busyFor(3_000));
    upstream.call('y');
    expect(upstream.attempt('y').by).toBe('last-resort');
    expect(upstream.at('y')).toBe('a1');
  });
});

describe('an instance that refuses connections', () => {
  it('is passed over for twice as long each time, up to a bound, and forgiven by an answer', () => {
    const { core } = new Upstream(instances('a1'));
    const endpoint = core.fleet.endpoints.get('a1');
    const pauseMs = (): number => {
      endpoint?.refused(1_000, 1_000);
      return (endpoint?.avoidUntilMs ?? 0) - 1_000;
    };
    expect(Array.from({ length: 7 }, pauseMs)).toEqual([250, 500, 1_000, 2_000, 4_000, 4_000, 4_000]);
    endpoint?.reached(1_000);
    expect(endpoint?.hasRefused).toBe(false);
    expect(pauseMs()).toBe(250);
  });

  it('is passed over no longer because many tried at the same time', () => {
    const upstream = new Upstream(instances('a1', 'a2'), { balance: 'round-robin', inFlightMax: 400 });
    const names = Array.from({ length: 40 }, (_, index) => `n${index}`);
    for (const name of names) upstream.call(name);
    upstream.nowMs = 10;
    for (const name of names) if (upstream.at(name) === 'a1') upstream.ends(name, refused);
    expect(upstream.endpoint('a1').avoidUntilMs).toBe(10 + limits.unreachableBaseMs);
  });

  it('gets one attempt when its pause is over, and more once that has reached it', () => {
    const upstream = atA1();
    upstream.ends('x', refused);
    upstream.ends('x', ok);
    upstream.nowMs = limits.unreachableBaseMs - 1;
    expect(goesToA1(upstream)).toBe(false);
    upstream.nowMs += 1;
    const names = Array.from({ length: 8 }, (_, index) => `n${index}`);
    for (const name of names) upstream.call(name);
    const tries = names.filter((name) => upstream.at(name) === 'a1');
    expect(tries).toHaveLength(1);
    upstream.ends(tries[0] as string, ok);
    expect(goesToA1(upstream)).toBe(true);
  });

  it('is tried again though that one attempt was never heard of', () => {
    const upstream = atA1();
    upstream.ends('x', refused);
    upstream.nowMs = limits.unreachableBaseMs;
    for (const name of ['y', 'z']) upstream.call(name);
    const lost = upstream.at('y') === 'a1' ? 'y' : 'z';
    expect(upstream.at(lost)).toBe('a1');
    upstream.cancel(lost);
    expect(goesToA1(upstream)).toBe(false);
    upstream.nowMs += limits.connectTimeoutMs;
    expect(goesToA1(upstream)).toBe(true);
  });
});
