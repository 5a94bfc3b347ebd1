import { describe, expect, it } from 'vitest';
import { HoldfastError } from '../../std/index.ts';
import { limits } from '../limits.ts';
import {
  brokenOff,
  failed,
  instance,
  instances,
  limited,
  ok,
  overloaded,
  refused,
  target,
  Upstream,
  unsendable,
} from '../testing/upstream.ts';
import type { Outcome } from './events.ts';

const tooLarge: Outcome = {
  type: 'failed',
  error: new HoldfastError('resource_exhausted', 'too large', { retryable: false, mayHaveExecuted: true }),
};

describe('retry', () => {
  it('sends what provably never left to another instance at once, whatever the method', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')]);
    upstream.call('x');
    const first = target(upstream.take()[0]);
    upstream.ends('x', refused);
    const [line] = upstream.take();
    expect(line).toBe(`send x to ${first === 'a1' ? 'a2' : 'a1'} attempt 2`);
  });

  it('never repeats what may have been executed unless the call is idempotent', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')]);
    upstream.call('x');
    upstream.take();
    upstream.ends('x', brokenOff);
    expect(upstream.take()).toEqual(['fail x: unavailable, broke off']);
  });

  it('repeats an idempotent call on another instance after a backoff', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')]);
    upstream.call('x', { idempotent: true });
    const first = target(upstream.take()[0]);
    upstream.ends('x', brokenOff);
    expect(upstream.take()).toEqual(['backing-off x']);
    upstream.pass('x');
    const second = target(upstream.take()[0]);
    expect(second).not.toBe('');
    expect(second).not.toBe(first);
  });

  it('repeats an idempotent call that an overloaded instance refused; delivers it when all did', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')]);
    upstream.call('x', { idempotent: true });
    upstream.ends('x', { type: 'answered', verdict: 'overloaded' });
    upstream.pass('x');
    upstream.ends('x', { type: 'answered', verdict: 'overloaded' });
    expect(upstream.take().filter((line) => !line.startsWith('send'))).toEqual([
      'backing-off x',
      'deliver x',
    ]);
  });

  it('delivers a failure answer as it is when the call may not be repeated, or was for the last time', () => {
    const upstream = new Upstream(['a1', 'a2', 'a3', 'a4'].map((id) => instance(id)));
    upstream.call('once');
    upstream.take();
    upstream.ends('once', failed);
    expect(upstream.take()).toEqual(['deliver once']);
    upstream.call('x', { idempotent: true });
    for (let attempt = 1; attempt < limits.attemptsMax; attempt++) {
      upstream.ends('x', failed);
      upstream.pass('x');
    }
    upstream.take();
    upstream.ends('x', failed);
    expect(upstream.take()).toEqual(['deliver x']);
    expect(upstream.get('x').answered?.number).toBe(limits.attemptsMax);
  });

  it('tries no instance twice, and three at most', () => {
    const upstream = new Upstream(['a1', 'a2', 'a3', 'a4', 'a5'].map((id) => instance(id)));
    upstream.call('x');
    upstream.ends('x', refused);
    upstream.ends('x', refused);
    upstream.ends('x', refused);
    const lines = upstream.take();
    expect(new Set(lines.slice(0, 3).map(target)).size).toBe(3);
    expect(lines[3]).toBe('fail x: unavailable, refused');
  });

  it('starts no attempt after the deadline', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')]);
    upstream.call('x', { idempotent: true });
    upstream.ends('x', brokenOff);
    upstream.take();
    upstream.nowMs = 1_001;
    upstream.wake('x');
    expect(upstream.take()).toEqual(['fail x: deadline_exceeded, a did not answer within 1000 ms.']);
  });

  it('sends all that one lost instance had under way elsewhere', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')], { balance: 'p2c', inFlightMax: 400 });
    for (let index = 0; index < 400; index++) upstream.call(`x${index}`, { idempotent: true });
    for (let index = 0; index < 400; index++) {
      if (upstream.at(`x${index}`) === 'a1') upstream.ends(`x${index}`, refused);
    }
    expect(upstream.take().filter((line) => line.startsWith('fail'))).toEqual([]);
  });

  it('retries within its budget, which fills with time and with calls', () => {
    // Chosen by lot, so that no instance fails more than the other.
    const upstream = new Upstream([instance('a1'), instance('a2')], 'least-in-flight');
    const retriesOf = (calls: number, everyMs: number): number => {
      let retries = 0;
      for (let index = 0; index < calls; index++) {
        upstream.nowMs += everyMs;
        upstream.call('x', { idempotent: true });
        upstream.ends('x', brokenOff);
        if (upstream.get('x').state === 'ended') continue;
        retries += 1;
        upstream.pass('x');
        upstream.ends('x', ok);
      }
      return retries;
    };
    const allowed = (calls: number, sinceMs: number): number =>
      limits.retryBudgetShare * calls + (limits.retryBudgetPerS * (upstream.nowMs - sinceMs)) / 1_000;
    const storm = retriesOf(5_000, 1);
    expect(storm).toBeGreaterThan(0.9 * allowed(5_000, 0));
    expect(storm).toBeLessThanOrEqual(allowed(5_000, 0) + limits.retryBudgetSavedMin + 1);
    const before = upstream.nowMs;
    upstream.nowMs += 1_000;
    const afterASecond = retriesOf(1_000, 0);
    expect(afterASecond).toBeGreaterThanOrEqual(allowed(1_000, before) - 1);
    expect(afterASecond).toBeLessThanOrEqual(allowed(1_000, before) + 1);
    upstream.nowMs += 3_600_000;
    const later = upstream.nowMs;
    expect(retriesOf(400, 0)).toBeLessThanOrEqual(limits.retryBudgetSavedMin + allowed(400, later) + 1);
  });

  it('backs off for a random time below a growing ceiling', () => {
    const delays: number[] = [];
    for (let seed = 0; seed < 200; seed++) {
      const upstream = new Upstream([instance('a1'), instance('a2')], { seed });
      upstream.call('x', { idempotent: true });
      upstream.ends('x', brokenOff);
      delays.push(upstream.get('x').wakeAtMs - upstream.nowMs);
    }
    const ceilingMs = limits.backoffBaseMs * 2;
    expect(Math.max(...delays)).toBeLessThanOrEqual(ceilingMs);
    expect(Math.max(...delays)).toBeGreaterThan(ceilingMs * 0.9);
    expect(Math.min(...delays)).toBeLessThan(ceilingMs * 0.1);
  });

  it.each([
    ['a transport failure', brokenOff, true],
    ['an error of the instance', failed, true],
    ['an overloaded instance', overloaded, true],
    ['a refusal of this caller', limited, true],
    ['a request that cannot be sent', unsendable, false],
    ['an answer that is too large', tooLarge, false],
    ['a good answer', ok, false],
  ] as const)('answers %s as it should', (_, outcome, isRepeated) => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.call('x', { idempotent: true });
    upstream.ends('x', outcome);
    expect(upstream.get('x').state).toBe(isRepeated ? 'backing-off' : 'ended');
  });

  it.each([
    [1, 1],
    [2, 2],
    [100, limits.attemptsMax],
  ])('makes no more attempts than a policy of %d allows: %d', (attemptsMax, sent) => {
    const upstream = new Upstream(instances('a1', 'a2', 'a3', 'a4', 'a5'), { attemptsMax });
    upstream.serve(1, { a1: refused, a2: refused, a3: refused, a4: refused, a5: refused });
    expect(upstream.take().filter((line) => line.startsWith('send'))).toHaveLength(sent);
  });

  it('leaves the repeating to those who sent a retry here, unless it provably never left', () => {
    const upstream = new Upstream(instances('a1', 'a2', 'a3'));
    const within = { idempotent: true, isWithinRetry: true };
    upstream.call('x', within);
    upstream.call('y', within);
    upstream.call('z', within);
    upstream.take();
    upstream.ends('x', failed);
    upstream.ends('y', brokenOff);
    upstream.ends('z', refused);
    expect(upstream.take()).toEqual([
      'deliver x',
      'fail y: unavailable, broke off',
      expect.stringMatching(/^send z to a\d attempt 2$/),
    ]);
  });

  it('charges what was never sent only where trouble is known already', () => {
    const upstream = new Upstream(instances('a1', 'a2', 'a3'));
    upstream.serve(1);
    upstream.nowMs = 10_000;
    while (upstream.core.budget.spend(upstream.nowMs));
    upstream.call('x');
    const first = upstream.at('x');
    upstream.ends('x', refused);
    const second = upstream.at('x');
    expect(new Set([first, second]).size).toBe(2);
    upstream.ends('x', refused);
    expect(upstream.at('x')).not.toBe(second);
    upstream.ends('x', ok);
    upstream.take();
    // Two are passed over now: a further refusal leaves only them.
    upstream.call('y');
    upstream.ends('y', refused);
    expect(upstream.take().at(-1)).toBe('fail y: unavailable, refused');
    upstream.nowMs += 100;
    upstream.call('z');
    upstream.ends('z', refused);
    expect(upstream.take().at(-1)).toMatch(/^send z to a\d attempt 2$/);
  });

  it('says that a call may have taken effect when any attempt of it may have', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.call('x', { idempotent: true });
    upstream.ends('x', brokenOff);
    upstream.pass('x');
    upstream.ends('x', refused);
    expect(upstream.failures.at(-1)).toMatchObject({ code: 'unavailable', mayHaveExecuted: true });
    const fresh = new Upstream(instances('a1'));
    fresh.call('y', { idempotent: true });
    fresh.ends('y', refused);
    expect(fresh.failures).toEqual([expect.objectContaining({ mayHaveExecuted: false })]);
  });

  it('delivers the answer of an earlier attempt when the last one was never sent', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.call('x', { idempotent: true });
    upstream.ends('x', failed);
    upstream.pass('x');
    upstream.take();
    upstream.ends('x', refused);
    expect(upstream.take()).toEqual(['deliver x']);
    expect(upstream.get('x').answered?.number).toBe(1);
  });

  it('goes on with the time it has: the backoff is no attempt, and can be cancelled', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.call('x', { idempotent: true });
    upstream.ends('x', brokenOff);
    upstream.nowMs = upstream.get('x').wakeAtMs - 0.001;
    upstream.wake('x');
    expect(upstream.get('x').state).toBe('backing-off');
    upstream.cancel('x');
    upstream.pass('x');
    expect(upstream.take().slice(-1)).toEqual(['fail x: cancelled, gave up']);
  });

  it('gives back the last outcome when all other instances went away during the backoff', () => {
    for (const [outcome, ending] of [
      [failed, 'deliver x'],
      [brokenOff, 'fail x: unavailable, broke off'],
    ] as const) {
      const upstream = new Upstream(instances('a1', 'a2'));
      upstream.call('x', { idempotent: true });
      const at = upstream.at('x') as string;
      upstream.ends('x', outcome);
      upstream.know(instances(at));
      upstream.pass('x');
      expect(upstream.take().at(-1)).toBe(ending);
    }
  });
});
