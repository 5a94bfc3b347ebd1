import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import {
  failed,
  instance,
  instances,
  ok,
  overloaded,
  refused,
  type UnderTest,
  Upstream,
} from '../testing/upstream.ts';
import type { Outcome } from './events.ts';
import { explainUpstream, type UpstreamState } from './explain.ts';

function explain(upstream: Upstream, policy: UnderTest = {}): UpstreamState {
  const { balance = 'round-robin', inFlightMax = 256 } = policy;
  return explainUpstream(upstream.core, { service: 'a', balance, inFlightMax }, upstream.nowMs);
}

/** One line an instance. */
const lines = (upstream: Upstream): string[] =>
  explain(upstream).instances.map(({ id, use, why }) => `${id} ${use}: ${why}`);

describe('explaining an upstream', () => {
  it('says what is known of where the service is', () => {
    const asking = new Upstream(undefined);
    expect(explain(asking)).toEqual({
      service: 'a',
      balance: 'round-robin',
      inFlightMax: 256,
      lookup: 'asking',
      retriesLeft: 10,
      queued: 0,
      instances: [],
      choices: [],
    });
    asking.unreachable('no registry answers');
    expect(explain(asking)).toMatchObject({ lookup: 'unreachable', why: 'no registry answers' });
    asking.know([]);
    expect(explain(asking)).toMatchObject({ lookup: 'known', instances: [] });
    expect(explain(asking)).not.toHaveProperty('why');
  });

  it('says of each instance what it is used for, and why', () => {
    const upstream = new Upstream([
      instance('well'),
      instance('starting', 'starting'),
      instance('draining', 'draining'),
      instance('weightless', 'ready', 0),
    ]);
    expect(lines(upstream)).toEqual([
      'well preferred: healthy',
      'starting not-ready: gets no new calls: it is starting',
      'draining not-ready: gets no new calls: it is draining',
      'weightless not-ready: gets no new calls: its weight is 0',
    ]);
    upstream.know(instances('well', 'new'));
    expect(lines(upstream)).toEqual(['well preferred: healthy', 'new preferred: warming up']);
  });

  it('tells one that could not be reached from one that asked for time', () => {
    const upstream = new Upstream(instances('a1', 'a2', 'a3'));
    const outcomes: Record<string, Outcome> = {
      a1: refused,
      a2: { ...overloaded, retryAfterMs: 3_000 } as Outcome,
    };
    upstream.serve(3, outcomes);
    upstream.nowMs = 50;
    expect(lines(upstream)).toEqual([
      'a1 avoided: it could not be reached; tried again in 0.2 s',
      expect.stringMatching(/^a2 avoided: it asked for time; tried again in (2.9|3.0) s$/),
      'a3 preferred: healthy',
    ]);
  });

  it('says why a usable instance is chosen less', () => {
    const upstream = new Upstream(instances('a1', 'a2', 'a3'));
    upstream.call('x', { timeoutMs: 5_000 });
    const hole = upstream.at('x') as string;
    const of = (id: string): string | undefined => lines(upstream).find((line) => line.startsWith(id));
    upstream.nowMs = 800;
    expect(of(hole)).toBe(`${hole} preferred: silent for 0.8 s while calls wait for it`);
    upstream.nowMs = 5_000;
    upstream.wake('x');
    expect(of(hole)).toBe(`${hole} preferred: silent for 1 attempt`);
    const [other = ''] = upstream.serve(1, { a1: failed, a2: failed, a3: failed });
    expect(of(other)).toBe(`${other} preferred: failed a moment ago, chosen less for now`);
  });

  it('tells the latest choices, the latest first, and what stood in the way', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.serve(1);
    upstream.eject('a1');
    upstream.nowMs = 1_000;
    upstream.serve(1);
    upstream.nowMs = 1_250;
    const { choices } = explain(upstream);
    expect(choices).toHaveLength(limits.choicesKept);
    expect(choices[0]).toEqual({
      agoMs: 250,
      instance: 'a2',
      attempt: 1,
      by: 'round-robin',
      passedOver: [{ instance: 'a1', why: 'ejected' }],
    });
    for (const [index, { agoMs }] of choices.entries()) {
      expect(agoMs).toBeGreaterThanOrEqual(choices[index - 1]?.agoMs ?? 0);
    }
  });

  it('follows an ejection to its end', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.eject('a1');
    upstream.nowMs = 1_000;
    const due = upstream.endpoint('a1').breaker.probeAtMs;
    const inS = ((due - 1_000) / 1_000).toFixed(1);
    expect(lines(upstream)[0]).toBe(`a1 ejected: 6 failures in a row; the next probe goes in ${inS} s`);
    expect(explain(upstream).instances[0]).toMatchObject({ breaker: 'open', good: 0, bad: 6 });
    upstream.nowMs = due;
    upstream.call('probe', { idempotent: true });
    expect(lines(upstream)[0]).toBe('a1 ejected: 6 failures in a row; its probe is under way');
    upstream.cancel('probe');
    const ejected = 'a1 ejected: 6 failures in a row; the next';
    expect(lines(upstream)[0]).toBe(`${ejected} probe goes in 1.0 s`);
    upstream.nowMs += limits.probePauseMs;
    expect(lines(upstream)[0]).toBe(`${ejected} call that may be repeated is its probe`);
    upstream.call('next probe', { idempotent: true });
    upstream.ends('next probe', ok);
    expect(lines(upstream)[0]).toBe('a1 preferred: warming up');
    expect(explain(upstream).instances[0]).not.toHaveProperty('nextProbeInMs');
  });

  it('names who is full and who is in reserve', () => {
    const near = { ...instance('near'), zone: 'z1' };
    const far = { ...instance('far'), zone: 'z2' };
    const upstream = new Upstream([near, far], { balance: 'round-robin', zone: 'z1', inFlightMax: 1 });
    upstream.call('x');
    expect(lines(upstream)).toEqual([
      'near full: it has as many calls under way as it may have',
      'far reserve: it is in another zone',
    ]);
    upstream.call('y');
    upstream.call('z');
    expect(explain(upstream).queued).toBe(1);
  });

  it('shows figures, rounded, of the latest time only', () => {
    const upstream = new Upstream([instance('a1', 'ready', 2)]);
    upstream.teach(12.345, 30);
    const {
      p99Ms,
      instances: [only],
    } = explain(upstream);
    expect(p99Ms).toBeGreaterThanOrEqual(12.3);
    expect(p99Ms).toBeLessThan(14.3);
    expect(only).toMatchObject({
      address: '127.0.0.1:1',
      weight: 2,
      latencyMs: 12.3,
      good: 30,
      bad: 0,
      picks: 30,
      inFlight: 0,
      appetite: 1,
    });
    upstream.nowMs += 60_000;
    expect(explain(upstream).instances[0]).toMatchObject({ good: 0, picks: 30 });
  });
});
