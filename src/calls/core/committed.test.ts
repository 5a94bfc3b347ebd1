import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { brokenOff, failed, instances, ok, Upstream } from '../testing/upstream.ts';

const stream = { isStream: true, timeoutMs: 3_600_000 };

describe('an answer that has begun to reach the caller', () => {
  it('is repeated by nobody, however it ends', () => {
    for (const [outcome, ending] of [
      [brokenOff, 'fail x: unavailable, broke off'],
      [failed, 'deliver x'],
    ] as const) {
      const upstream = new Upstream(instances('a1', 'a2'));
      upstream.call('x', { idempotent: true });
      upstream.commits('x');
      upstream.take();
      upstream.ends('x', outcome);
      expect(upstream.take()).toEqual([ending]);
    }
  });

  it('is left for no other instance, late as it may be', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.call('x', { idempotent: true, hedge: true });
    upstream.commits('x');
    expect(upstream.get('x').wakeAtMs).toBe(1_000);
    upstream.nowMs = 900;
    upstream.wake('x');
    expect(upstream.take()).toHaveLength(1);
  });

  it.each([1, 2])('is the one of two: attempt %d goes on, its rival ends', (winner) => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.call('x', { idempotent: true, hedge: true });
    upstream.pass('x');
    const [own, rival] = [winner, 3 - winner].map((number) => upstream.attempt('x', number));
    upstream.take();
    upstream.commits('x', winner);
    expect(upstream.take()).toEqual([`abort x at ${rival?.endpoint.instance.id}: abandoned`]);
    expect([upstream.get('x').first, upstream.get('x').second]).toEqual([own, undefined]);
    upstream.ends('x', ok, 3 - winner);
    upstream.commits('x', 3 - winner);
    expect(upstream.take()).toEqual([]);
    upstream.ends('x', ok, winner);
    expect(upstream.take()).toEqual(['deliver x']);
  });

  it('is not held against its instance when the time is up', () => {
    const upstream = new Upstream(instances('a1'));
    upstream.call('x');
    upstream.commits('x');
    upstream.pass('x');
    expect(upstream.take().slice(1)).toEqual([
      'abort x at a1: abandoned',
      'fail x: deadline_exceeded, a1 at 127.0.0.1:1 did not answer within 1000 ms.',
    ]);
    expect([upstream.endpoint('a1').recent.bad, upstream.latencyMs('a1')]).toEqual([0, 0]);
  });
});

describe('stream', () => {
  it('teaches nothing of the speed of its instance by how long it lasts', () => {
    for (const commits of [true, false]) {
      const upstream = new Upstream(instances('a1'));
      upstream.call('watch', stream);
      if (commits) upstream.commits('watch');
      upstream.nowMs = 60_000;
      upstream.cancel('watch');
      expect(upstream.latencyMs('a1')).toBe(0);
    }
  });

  it('says nothing of the speed of its instance when it ends without a message', () => {
    for (const forMs of [0, 60_000]) {
      const upstream = new Upstream(instances('a1'));
      upstream.teach(80, 30);
      upstream.call('watch', stream);
      upstream.nowMs += forMs;
      const before = upstream.latencyMs('a1');
      upstream.ends('watch', ok);
      expect(upstream.latencyMs('a1')).toBe(before);
    }
  });

  it('may be silent until its deadline: that is not held against its instance', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.call('watch', { isStream: true, timeoutMs: 10_000 });
    upstream.pass('watch');
    expect(upstream.get('watch').state).toBe('ended');
    const { recent, latency, streams } = upstream.endpoint(upstream.at('watch') as string);
    expect([recent.bad, latency.at(upstream.nowMs), streams]).toEqual([0, 0, 0]);
  });

  it('costs its instance no more than any failure when it is cut', () => {
    const upstream = new Upstream(instances('a1'));
    upstream.call('watch', stream);
    upstream.commits('watch');
    upstream.nowMs = 60_000;
    upstream.ends('watch', failed);
    expect(upstream.latencyMs('a1')).toBe(0);
    expect(upstream.endpoint('a1').score(upstream.nowMs)).toBe(limits.failurePenaltyMs);
    expect(upstream.endpoint('a1').recent.bad).toBe(1);
  });

  it('may be silent without making the next call look stalled', () => {
    const upstream = new Upstream(instances('a1'));
    upstream.call('watch', stream);
    upstream.nowMs = 60_000;
    upstream.call('x');
    expect(upstream.endpoint('a1').score(upstream.nowMs)).toBeLessThan(100);
    upstream.nowMs += 400;
    expect(upstream.endpoint('a1').score(upstream.nowMs)).toBeGreaterThanOrEqual(400);
  });

  it('counts as load, though it needs no room', () => {
    const upstream = new Upstream(instances('a1', 'a2'), 'least-in-flight');
    upstream.call('watch', stream);
    expect(new Set(upstream.serve(20))).toEqual(new Set([upstream.at('watch') === 'a1' ? 'a2' : 'a1']));
  });
});

describe('a long answer whose head has come', () => {
  it('makes its instance no less wanted, however long its body takes', () => {
    const upstream = new Upstream(instances('a1', 'a2'), 'p2c');
    upstream.call('download', { timeoutMs: 3_600_000 });
    upstream.nowMs = 5;
    upstream.commits('download');
    const own = upstream.at('download') as string;
    upstream.nowMs = 600_000;
    expect(upstream.endpoint(own).silentMs(upstream.nowMs)).toBe(0);
    // One call at the other too: else it would always have the fewer.
    const other = own === 'a1' ? 'a2' : 'a1';
    for (let index = 0; upstream.inFlight(other) === 0; index++) upstream.call(`even ${index}`);
    const targets = upstream.serve(200);
    expect(targets.filter((id) => id === own).length).toBeGreaterThan(20);
    upstream.ends('download', ok);
    expect([upstream.inFlight(own), upstream.endpoint(own).silentMs(upstream.nowMs)]).toEqual([0, 0]);
  });

  it('is learnt once, by its head', () => {
    const upstream = new Upstream(instances('a1'));
    upstream.call('download', { timeoutMs: 3_600_000 });
    upstream.nowMs = 40;
    upstream.commits('download');
    expect(upstream.latencyMs('a1')).toBe(40);
    upstream.nowMs = 60_000;
    upstream.ends('download', ok);
    expect(upstream.latencyMs('a1')).toBeLessThan(40);
    expect(upstream.endpoint('a1').recent.good).toBe(1);
  });

  it('settles a probe with its head', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.eject('a1');
    upstream.nowMs = upstream.endpoint('a1').breaker.probeAtMs;
    upstream.call('probe', { idempotent: true, timeoutMs: 3_600_000 });
    expect(upstream.attempt('probe').isProbe).toBe(true);
    upstream.take();
    upstream.commits('probe');
    expect(upstream.take()).toEqual(['restored a1: its probe was answered']);
    upstream.nowMs += 60_000;
    upstream.ends('probe', failed);
    expect(upstream.endpoint('a1').isEjected).toBe(false);
    expect(upstream.inFlight('a1')).toBe(0);
  });

  it('speaks against its instance when it stalls until the deadline, and not when its reader did', () => {
    for (const isStalled of [true, false]) {
      const upstream = new Upstream(instances('a1', 'a2'));
      upstream.call('download');
      upstream.attempt('download').sending = { abort: () => {}, isStalled };
      upstream.commits('download');
      const id = upstream.at('download') as string;
      upstream.pass('download');
      expect(upstream.take().at(-1)).toMatch(/^fail download: deadline_exceeded/);
      expect(upstream.endpoint(id).recent.bad).toBe(isStalled ? 1 : 0);
    }
  });
});
