import { describe, expect, it } from 'vitest';
import { Prng } from '../../std/index.ts';
import { limits } from '../limits.ts';
import { brokenOff, instance, ok, refused, target, Upstream } from '../testing/upstream.ts';
import type { Outcome } from './events.ts';

describe('upstream', () => {
  it('sends a call to a ready instance and delivers its answer', () => {
    const upstream = new Upstream([instance('a1')]);
    upstream.call('x');
    upstream.ends('x', ok);
    expect(upstream.take()).toEqual(['send x to a1 attempt 1', 'deliver x']);
    expect(upstream.core.loads.get('a1')?.inFlight).toBe(0);
  });

  it('fails at once when nobody is registered, and says so', () => {
    const upstream = new Upstream([]);
    upstream.call('x');
    expect(upstream.take()).toEqual(['fail x: unavailable, No instance of a is registered and ready.']);
  });

  it('fails at once when the service cannot be looked up', () => {
    const upstream = new Upstream(undefined);
    upstream.unreachable('no registry answers');
    upstream.call('x');
    expect(upstream.take()).toEqual(['fail x: unavailable, a cannot be looked up: no registry answers']);
  });

  it('waits while a service is looked up for the first time', () => {
    const upstream = new Upstream(undefined);
    upstream.call('x');
    upstream.call('y');
    expect(upstream.take()).toEqual([]);
    upstream.nowMs = 1_000;
    upstream.tell('deadline', 'x');
    upstream.nowMs = 10;
    upstream.know([instance('a1')]);
    expect(upstream.take()).toEqual([
      'fail x: deadline_exceeded, a did not answer within 1000 ms.',
      'send y to a1 attempt 1',
    ]);
  });

  it('bounds the calls that wait to be looked up', () => {
    const upstream = new Upstream(undefined);
    for (let index = 0; index < limits.callsWaitingMax; index++) upstream.call(`x${index}`);
    expect(upstream.take()).toEqual([]);
    upstream.call('one more');
    expect(upstream.take()).toEqual([
      'fail one more: resource_exhausted, Too many calls wait for a to be looked up.',
    ]);
  });

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
    expect(upstream.take()).toEqual(['back-off x']);
    upstream.tell('backed-off', 'x');
    const second = target(upstream.take()[0]);
    expect(second).not.toBe('');
    expect(second).not.toBe(first);
  });

  it('repeats an idempotent call that an overloaded instance refused; delivers it when all did', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')]);
    upstream.call('x', { idempotent: true });
    upstream.ends('x', { type: 'answered', verdict: 'overloaded' });
    upstream.tell('backed-off', 'x');
    upstream.ends('x', { type: 'answered', verdict: 'overloaded' });
    expect(upstream.take().filter((line) => !line.startsWith('send'))).toEqual(['back-off x', 'deliver x']);
  });

  it('delivers a failure answer as it is: 500 is an answer', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')]);
    upstream.call('x', { idempotent: true });
    upstream.take();
    upstream.ends('x', { type: 'answered', verdict: 'failed' });
    expect(upstream.take()).toEqual(['deliver x']);
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

  it('ends a call at its deadline and ignores what its attempt brings later', () => {
    const upstream = new Upstream([instance('a1')]);
    upstream.call('x');
    upstream.nowMs = 1_000;
    upstream.tell('deadline', 'x');
    upstream.ends('x', ok);
    expect(upstream.take()).toEqual([
      'send x to a1 attempt 1',
      'abort x',
      'fail x: deadline_exceeded, a1 at 127.0.0.1:1 did not answer within 1000 ms.',
    ]);
    expect(upstream.core.loads.get('a1')?.inFlight).toBe(0);
  });

  it('ignores the outcome of an attempt that was replaced', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')]);
    upstream.call('x');
    upstream.ends('x', refused);
    upstream.take();
    upstream.ends('x', ok, 1);
    expect(upstream.take()).toEqual([]);
  });

  it('starts no attempt after the deadline', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')]);
    upstream.call('x', { idempotent: true });
    upstream.ends('x', brokenOff);
    upstream.take();
    upstream.nowMs = 1_001;
    upstream.tell('backed-off', 'x');
    expect(upstream.take()).toEqual(['fail x: deadline_exceeded, a did not answer within 1000 ms.']);
  });

  it('aborts a cancelled call', () => {
    const upstream = new Upstream([instance('a1')]);
    upstream.call('x');
    upstream.cancel('x');
    upstream.cancel('x');
    expect(upstream.take()).toEqual(['send x to a1 attempt 1', 'abort x', 'fail x: cancelled, gave up']);
  });

  it('chooses ready instances with weight; draining ones only when there is no other', () => {
    const upstream = new Upstream([
      instance('ready'),
      instance('starting', 'starting'),
      instance('draining', 'draining'),
      instance('weightless', 'ready', 0),
    ]);
    for (let index = 0; index < 20; index++) upstream.call(`x${index}`);
    expect(new Set(upstream.take().map(target))).toEqual(new Set(['ready']));
    upstream.know([instance('draining', 'draining'), instance('starting', 'starting')]);
    upstream.call('y');
    expect(upstream.take().map(target)).toEqual(['draining']);
  });

  it('round-robin goes round', () => {
    const upstream = new Upstream(['a1', 'a2', 'a3'].map((id) => instance(id)));
    for (let index = 0; index < 9; index++) upstream.call(`x${index}`);
    const targets = upstream.take().map(target);
    for (const id of ['a1', 'a2', 'a3']) expect(targets.filter((each) => each === id)).toHaveLength(3);
    expect(targets.slice(0, 3)).toEqual(targets.slice(3, 6));
  });

  it('p2c shares calls that come one by one among instances that are about as quick', () => {
    const upstream = new Upstream(
      ['a1', 'a2'].map((id) => instance(id)),
      'p2c',
    );
    const counts = { a1: 0, a2: 0 };
    for (let index = 0; index < 1_000; index++) {
      upstream.call('x');
      const id = upstream.get('x').current?.instance.id as 'a1' | 'a2';
      counts[id] += 1;
      upstream.nowMs += id === 'a1' ? 1 : 2;
      upstream.ends('x', ok);
    }
    expect(Math.min(counts.a1, counts.a2)).toBeGreaterThan(400);
  });

  it('p2c sends less to a slow instance, and little to one that fails fast', () => {
    for (const trouble of ['slow', 'failing'] as const) {
      const upstream = new Upstream(
        ['a1', 'a2', 'a3'].map((id) => instance(id)),
        'p2c',
      );
      const counts = new Map<string, number>();
      for (let index = 0; index < 600; index++) {
        upstream.call(`x${index}`);
        const to = target(upstream.take()[0]);
        counts.set(to, (counts.get(to) ?? 0) + 1);
        const bad = to === 'a1';
        upstream.nowMs += bad && trouble === 'slow' ? 200 : 2;
        upstream.ends(
          `x${index}`,
          bad && trouble === 'failing' ? { type: 'answered', verdict: 'failed' } : ok,
        );
        upstream.take();
      }
      expect(counts.get('a1') ?? 0, trouble).toBeLessThan(30);
      expect(counts.get('a1') ?? 0, trouble).toBeGreaterThan(0);
      expect(counts.get('a2') ?? 0).toBeGreaterThan(200);
    }
  });

  it('passes over an instance that refused, longer each time, and only while there are others', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')], 'p2c');
    const refusedAtMs: number[] = [];
    for (let index = 0; index < 6_000; index++) {
      upstream.nowMs += 2;
      const name = `x${index}`;
      upstream.call(name);
      const call = upstream.get(name);
      if (call.current?.instance.id === 'a1') {
        refusedAtMs.push(upstream.nowMs);
        upstream.ends(name, refused);
      }
      upstream.ends(name, ok);
      expect(upstream.take().at(-1)).toBe(`deliver ${name}`);
    }
    const pausesMs = refusedAtMs.slice(1).map((atMs, index) => atMs - (refusedAtMs[index] as number));
    expect(refusedAtMs.length).toBeGreaterThan(1);
    for (const [index, pauseMs] of pausesMs.entries()) {
      expect(pauseMs).toBeGreaterThanOrEqual(Math.min(250 * 2 ** index, limits.unreachableMaxMs));
    }
    upstream.know([instance('a1')]);
    upstream.call('alone');
    expect(upstream.take().map(target)).toEqual(['a1']);
  });

  it('does not send a burst to the one that refuses because the other is busy', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')], 'p2c');
    let refusals = 0;
    for (let index = 0; index < 200; index++) {
      upstream.call(`x${index}`);
      if (upstream.get(`x${index}`).current?.instance.id === 'a1') {
        refusals += 1;
        upstream.ends(`x${index}`, refused);
      }
      upstream.nowMs += 1;
    }
    expect(refusals).toBeLessThanOrEqual(2);
    expect(upstream.core.loads.get('a2')?.inFlight).toBe(200);
  });

  it('ends every call when it is closed, and starts none', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')]);
    upstream.call('sending');
    upstream.call('backing off', { idempotent: true });
    upstream.ends('backing off', brokenOff);
    upstream.take();
    upstream.close();
    upstream.tell('backed-off', 'backing off');
    upstream.ends('sending', refused);
    const why = 'The call of a was given up: the process is stopping.';
    expect(upstream.take()).toEqual([
      'abort sending',
      `fail sending: cancelled, ${why}`,
      `fail backing off: cancelled, ${why}`,
    ]);
    const asking = new Upstream(undefined);
    asking.call('waiting');
    asking.close();
    expect(asking.take()).toEqual([`fail waiting: cancelled, ${why}`]);
  });

  it('sends all that one lost instance had under way elsewhere', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')]);
    for (let index = 0; index < 400; index++) upstream.call(`x${index}`, { idempotent: true });
    for (let index = 0; index < 400; index++) {
      const { current } = upstream.get(`x${index}`);
      if (current?.instance.id === 'a1') upstream.ends(`x${index}`, refused);
    }
    expect(upstream.take().filter((line) => line.startsWith('fail'))).toEqual([]);
  });

  it('retries within its budget, which fills with time and with calls', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')]);
    const retriesOf = (calls: number, everyMs: number): number => {
      let retries = 0;
      for (let index = 0; index < calls; index++) {
        upstream.nowMs += everyMs;
        upstream.call('x', { idempotent: true });
        upstream.ends('x', brokenOff);
        if (upstream.get('x').state === 'ended') continue;
        retries += 1;
        upstream.tell('backed-off', 'x');
        upstream.ends('x', ok);
      }
      return retries;
    };
    const share = limits.retryBudgetShare * 5_000;
    const perTime = limits.retryBudgetPerS * 5;
    const storm = retriesOf(5_000, 1);
    expect(storm).toBeGreaterThan(0.9 * (share + perTime));
    expect(storm).toBeLessThanOrEqual(share + perTime + limits.retryBudgetSavedMin + 1);
    upstream.nowMs += 1_000;
    const afterASecond = retriesOf(1_000, 0);
    const saved = limits.retryBudgetPerS + limits.retryBudgetShare * 1_000;
    expect(afterASecond).toBeGreaterThanOrEqual(saved - 1);
    expect(afterASecond).toBeLessThanOrEqual(saved + 1);
    upstream.nowMs += 3_600_000;
    expect(retriesOf(400, 0)).toBeLessThanOrEqual(limits.retryBudgetSavedMin + 0.2 * 400 + 1);
  });

  it('backs off for a random time below a growing ceiling', () => {
    const delays: number[] = [];
    for (let seed = 0; seed < 200; seed++) {
      const upstream = new Upstream([instance('a1'), instance('a2')], 'round-robin', seed);
      upstream.call('x', { idempotent: true });
      delays.push(upstream.delayAfter('x', brokenOff));
    }
    const ceilingMs = limits.backoffBaseMs * 2;
    expect(Math.max(...delays)).toBeLessThanOrEqual(ceilingMs);
    expect(Math.max(...delays)).toBeGreaterThan(ceilingMs * 0.9);
    expect(Math.min(...delays)).toBeLessThan(ceilingMs * 0.1);
  });

  it('keeps its invariants through random histories', () => {
    for (let seed = 1; seed <= 200; seed++) randomHistory(seed);
  });
});

function randomHistory(seed: number): void {
  const prng = new Prng(seed);
  const ids = ['a1', 'a2', 'a3'];
  const upstream = new Upstream(
    ids.map((id) => instance(id)),
    'p2c',
  );
  const outcomes = [ok, refused, brokenOff, { type: 'answered', verdict: 'overloaded' } as const];
  for (let index = 0; index < 100; index++) {
    upstream.nowMs += prng.below(50);
    if (prng.chance(0.5)) upstream.call(`x${index}`, { idempotent: prng.chance(0.5) });
    if (prng.chance(0.1)) upstream.know(ids.filter(() => prng.chance(0.7)).map((id) => instance(id)));
    for (const [name, call] of upstream.calls) {
      if (call.state === 'ended' || prng.chance(0.5)) continue;
      if (upstream.nowMs >= call.deadlineMs) upstream.tell('deadline', name);
      else if (call.state === 'backing-off') upstream.tell('backed-off', name);
      else upstream.ends(name, outcomes[prng.below(outcomes.length)] as Outcome, 1 + prng.below(3));
    }
  }
  upstream.nowMs += 2_000;
  for (const name of upstream.calls.keys()) upstream.tell('deadline', name);
  for (const call of upstream.calls.values()) {
    expect(call.state, `seed ${seed}`).toBe('ended');
    expect(call.attempts, `seed ${seed}`).toBeLessThanOrEqual(limits.attemptsMax);
  }
  for (const load of upstream.core.loads.values()) expect(load.inFlight, `seed ${seed}`).toBe(0);
  const endings = upstream.take().filter((line) => line.startsWith('deliver') || line.startsWith('fail'));
  expect(endings, `seed ${seed}`).toHaveLength(upstream.calls.size);
}
