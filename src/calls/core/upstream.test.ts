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
    expect(upstream.inFlight('a1')).toBe(0);
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
    expect(upstream.take()).toEqual(['looking-up x', 'looking-up y']);
    upstream.nowMs = 1_000;
    upstream.wake('x');
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
    expect(upstream.take()).toHaveLength(limits.callsWaitingMax);
    upstream.call('one more');
    expect(upstream.take()).toEqual([
      'fail one more: unavailable, Too many calls wait for a to be looked up.',
    ]);
  });

  it('ends a call at its deadline and ignores what its attempt brings later', () => {
    const upstream = new Upstream([instance('a1')]);
    upstream.call('x');
    upstream.nowMs = 1_000;
    upstream.wake('x');
    upstream.ends('x', ok);
    expect(upstream.take()).toEqual([
      'send x to a1 attempt 1',
      'abort x at a1: timed-out',
      'fail x: deadline_exceeded, a1 at 127.0.0.1:1 did not answer within 1000 ms.',
    ]);
    expect(upstream.inFlight('a1')).toBe(0);
  });

  it('ignores the outcome of an attempt that was replaced', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')]);
    upstream.call('x');
    upstream.ends('x', refused);
    upstream.take();
    upstream.ends('x', ok, 1);
    expect(upstream.take()).toEqual([]);
  });

  it('aborts a cancelled call', () => {
    const upstream = new Upstream([instance('a1')]);
    upstream.call('x');
    upstream.cancel('x');
    upstream.cancel('x');
    expect(upstream.take()).toEqual([
      'send x to a1 attempt 1',
      'abort x at a1: abandoned',
      'fail x: cancelled, gave up',
    ]);
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

  it('passes over an instance that refused, longer each time, and only while there are others', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')], 'p2c');
    const refusedAtMs: number[] = [];
    for (let index = 0; index < 6_000; index++) {
      upstream.nowMs += 2;
      const name = `x${index}`;
      upstream.call(name);
      if (upstream.at(name) === 'a1') {
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
      if (upstream.at(`x${index}`) === 'a1') {
        refusals += 1;
        upstream.ends(`x${index}`, refused);
      }
      upstream.nowMs += 1;
    }
    expect(refusals).toBeLessThanOrEqual(2);
    expect(upstream.inFlight('a2')).toBe(200);
  });

  it('ends every call when it is closed, and starts none', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')]);
    upstream.call('sending');
    upstream.call('backing off', { idempotent: true });
    upstream.ends('backing off', brokenOff);
    upstream.take();
    upstream.close();
    upstream.wake('backing off');
    upstream.ends('sending', refused);
    const why = 'The call of a was given up: the process is stopping.';
    expect(upstream.take()).toEqual([
      'abort sending at a1: abandoned',
      `fail sending: cancelled, ${why}`,
      `fail backing off: cancelled, ${why}`,
    ]);
    upstream.call('too late');
    expect(upstream.take()).toEqual([
      'fail too late: unavailable, No instance of a is registered and ready.',
    ]);
    const asking = new Upstream(undefined);
    asking.call('waiting');
    asking.close();
    expect(asking.take().slice(1)).toEqual([`fail waiting: cancelled, ${why}`]);
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
      if (upstream.nowMs >= call.wakeAtMs || call.attempts === 0) upstream.wake(name);
      else
        upstream.ends(
          name,
          outcomes[prng.below(outcomes.length)] as Outcome,
          1 + prng.below(call.attempts),
        );
    }
  }
  upstream.nowMs += 2_000;
  for (const name of upstream.calls.keys()) upstream.wake(name);
  for (const call of upstream.calls.values()) {
    expect(call.state, `seed ${seed}`).toBe('ended');
    expect(call.attempts, `seed ${seed}`).toBeLessThanOrEqual(limits.attemptsMax);
  }
  for (const load of upstream.core.fleet.endpoints.values()) expect(load.inFlight, `seed ${seed}`).toBe(0);
  const endings = upstream.take().filter((line) => line.startsWith('deliver') || line.startsWith('fail'));
  expect(endings, `seed ${seed}`).toHaveLength(upstream.calls.size);
}
