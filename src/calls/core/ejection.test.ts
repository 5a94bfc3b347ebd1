import { describe, expect, it } from 'vitest';
import { Prng } from '../../std/index.ts';
import { limits } from '../limits.ts';
import {
  brokenOff,
  failed,
  instance,
  instances,
  ok,
  overloaded,
  refused,
  Upstream,
} from '../testing/upstream.ts';
import type { Outcome } from './events.ts';

const ejectedOf = ({ core }: Upstream): string[] =>
  [...core.fleet.endpoints.values()].filter(({ isEjected }) => isEjected).map(({ instance: { id } }) => id);

const sick = (outcome: Outcome, ...ids: string[]): Record<string, Outcome> =>
  Object.fromEntries(ids.map((id) => [id, outcome]));

describe('ejection', () => {
  it('spares those who fail no more than their peers: a poison request ejects nobody', () => {
    for (const balance of ['p2c', 'round-robin', 'least-in-flight'] as const) {
      const ids = ['a1', 'a2', 'a3', 'a4'];
      const upstream = new Upstream(instances(...ids), balance);
      const prng = new Prng(7);
      for (let index = 0; index < 1_000; index++) {
        upstream.nowMs += 20;
        const isPoison = prng.chance(0.6);
        upstream.serve(1, isPoison ? sick(failed, ...ids) : {}, { idempotent: prng.chance(0.5) });
      }
      expect(upstream.endpoint('a1').recent.badInARow + upstream.endpoint('a1').recent.bad).toBeGreaterThan(
        20,
      );
      expect(
        upstream.take().filter((line) => line.startsWith('ejected')),
        balance,
      ).toEqual([]);
    }
  });

  it('does not hold against an illness how long its instance was well before', () => {
    const upstream = new Upstream(instances('a1', 'a2', 'a3'));
    upstream.serve(3_000);
    upstream.serve(30, sick(failed, 'a1'));
    expect(upstream.take().filter((line) => line.startsWith('ejected'))).toEqual([
      'ejected a1: 5 failures in a row',
    ]);
  });

  it('comes sooner for one that says nothing at all', () => {
    const upstream = new Upstream(instances('hole', 'a2', 'a3'));
    upstream.serve(300);
    upstream.take();
    for (let index = 0; index < 20 && ejectedOf(upstream).length === 0; index++) {
      const name = `x${index}`;
      upstream.call(name);
      if (upstream.at(name) === 'hole') upstream.pass(name);
      else upstream.ends(name, ok);
    }
    expect(upstream.take().filter((line) => /ejected|timed-out/.test(line))).toEqual([
      expect.stringMatching(/^abort .* at hole: timed-out$/),
      expect.stringMatching(/^abort .* at hole: timed-out$/),
      'ejected hole: silent for 3 attempts in a row',
      expect.stringMatching(/^abort .* at hole: timed-out$/),
    ]);
  });

  it('comes for one whose callers give up on it, whoever sets the time', () => {
    const upstream = new Upstream(instances('hole', 'a2', 'a3'));
    for (let index = 0; index < 300; index++) {
      upstream.serve(1);
      upstream.nowMs += 10;
    }
    for (let index = 0; index < 60 && ejectedOf(upstream).length === 0; index++) {
      const name = `x${index}`;
      upstream.call(name);
      if (upstream.at(name) === 'hole') {
        upstream.nowMs += 300;
        upstream.cancel(name);
      } else upstream.ends(name, ok);
    }
    expect(ejectedOf(upstream)).toEqual(['hole']);
  });

  it('does not come for one whose callers are impatient', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    for (let index = 0; index < 60; index++) {
      const name = `x${index}`;
      upstream.call(name);
      upstream.nowMs += 20;
      if (upstream.at(name) === 'a1') upstream.cancel(name);
      else upstream.ends(name, ok);
    }
    expect(ejectedOf(upstream)).toEqual([]);
  });

  it('ends when the only other one falls silent', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.eject('a1');
    upstream.take();
    for (let index = 0; index < limits.silencesInARow; index++) {
      upstream.call('x');
      upstream.pass('x');
    }
    expect(upstream.take()).toContain('restored a1: no other instance answers');
  });

  it('does not come from one stall, however many calls it holds up', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.serve(2_000);
    const names = Array.from({ length: 80 }, (_, index) => `x${index}`);
    for (const name of names) upstream.call(name);
    for (const name of names) if (upstream.at(name) === 'a2') upstream.ends(name, ok);
    upstream.nowMs += 1_000;
    for (const name of names) upstream.wake(name);
    expect(upstream.endpoint('a1').recent.bad).toBe(40);
    expect(ejectedOf(upstream)).toEqual([]);
  });

  it('takes half of the instances at most', () => {
    for (const [count, max] of [
      [1, 0],
      [2, 1],
      [3, 1],
      [5, 2],
    ] as const) {
      const ids = Array.from({ length: count }, (_, index) => `a${index}`);
      const upstream = new Upstream(instances(...ids));
      // One after the other falls ill, so that each in turn fails more than its peers.
      for (let ill = 1; ill <= count; ill++) upstream.serve(20 * count, sick(failed, ...ids.slice(0, ill)));
      expect(ejectedOf(upstream), `${count} instances`).toEqual(ids.slice(0, max));
    }
  });

  it('compares with what peers did lately, not with what is long past', () => {
    const upstream = new Upstream(instances('a1', 'a2'), 'ring-hash');
    const key = 'k';
    const [home = ''] = upstream.serve(1, {}, { key });
    upstream.serve(200, sick(failed, 'a1', 'a2'));
    expect(ejectedOf(upstream)).toEqual([]);
    upstream.nowMs += 2 * limits.outcomesWindowMs;
    upstream.serve(10, sick(failed, home), { key });
    expect(ejectedOf(upstream)).toEqual([home]);
  });

  it('never happens where the policy forbids it', () => {
    const upstream = new Upstream(instances('a1', 'a2', 'a3'), { balance: 'round-robin', eject: false });
    upstream.serve(300, sick(failed, 'a1'));
    expect(upstream.endpoint('a1').recent.badInARow).toBe(100);
    expect(ejectedOf(upstream)).toEqual([]);
  });

  it('never takes the last that can be reached', () => {
    const upstream = new Upstream(instances('a1', 'a2', 'a3'));
    upstream.serve(30);
    upstream.serve(3, sick(refused, 'a2', 'a3'));
    upstream.serve(20, sick(failed, 'a1'));
    expect(upstream.endpoint('a1').recent.badInARow).toBeGreaterThanOrEqual(20);
    expect(ejectedOf(upstream)).toEqual([]);
    upstream.nowMs += limits.unreachableMaxMs;
    upstream.serve(10, sick(failed, 'a1'));
    expect(ejectedOf(upstream)).toEqual(['a1']);
  });

  it('restores the surplus when a shorter list leaves more than half ejected: the one due soonest', () => {
    const upstream = new Upstream(instances('a1', 'a2', 'a3', 'a4'));
    upstream.eject('a3');
    upstream.nowMs += 2_000;
    upstream.eject('a1');
    upstream.take();
    upstream.know(instances('a1', 'a3'));
    expect(upstream.take()).toEqual(['restored a3: too few instances are left']);
    upstream.know(instances('a1'));
    expect(upstream.take()).toEqual(['restored a1: too few instances are left']);
  });

  it('does not outlive a restart of the instance, but a passing change of its state', () => {
    const upstream = new Upstream(instances('a1', 'a2', 'a3'));
    upstream.eject('a1');
    upstream.know([instance('a1', 'draining'), instance('a2'), instance('a3')]);
    upstream.know(instances('a1', 'a2', 'a3'));
    expect(new Set(upstream.serve(50))).toEqual(new Set(['a2', 'a3']));
    upstream.know([{ ...instance('a1'), incarnation: 'i2' }, instance('a2'), instance('a3')]);
    expect(ejectedOf(upstream)).toEqual([]);
  });
});

describe('an ejected instance is restored for want of another', () => {
  it('when the next call finds that no other can be reached', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.eject('a1');
    upstream.call('too late for a second attempt', { timeoutMs: 100 });
    upstream.ends('too late for a second attempt', { ...overloaded, retryAfterMs: 5_000 } as Outcome);
    upstream.take();
    upstream.call('x');
    expect(upstream.take()).toEqual(['restored a1: no other instance answers', 'send x to a1 attempt 1']);
  });

  it('for the very call that finds it out', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.eject('a1');
    upstream.take();
    upstream.call('x');
    upstream.ends('x', refused);
    expect(upstream.take()).toEqual([
      'send x to a2 attempt 1',
      'restored a1: no other instance answers',
      'send x to a1 attempt 2',
    ]);
  });

  it('but not for one that has been there, nor while another answers, though with errors', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.eject('a1');
    upstream.take();
    upstream.call('x', { idempotent: true });
    upstream.ends('x', failed);
    expect(upstream.take()).toEqual(['send x to a2 attempt 1', 'deliver x']);
  });

  it('the one due soonest, be its probe given up and the caller no probe', () => {
    const upstream = new Upstream(instances('a1', 'a2', 'a3', 'a4'));
    upstream.eject('a2');
    upstream.nowMs += 1_000;
    upstream.eject('a1');
    upstream.nowMs = upstream.endpoint('a2').breaker.probeAtMs;
    upstream.call('probe', { idempotent: true });
    expect(upstream.at('probe')).toBe('a2');
    upstream.cancel('probe');
    upstream.serve(2, sick(refused, 'a3', 'a4'));
    upstream.take();
    upstream.call('x');
    expect(upstream.take().at(-1)).toBe('send x to a2 attempt 1');
    upstream.ends('x', ok);
  });

  it('nor one that asked for time, nor one where the call has been', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    const names = Array.from({ length: 60 }, (_, index) => `x${index}`);
    for (const name of names) upstream.call(name, { idempotent: true, timeoutMs: 60_000 });
    for (const name of names) if (upstream.at(name) === 'a2') upstream.ends(name, ok);
    const [moved = '', ...others] = names.filter((name) => upstream.at(name) === 'a1');
    const busy: Outcome = { type: 'answered', verdict: 'overloaded', retryAfterMs: 5_000 };
    upstream.ends(moved, brokenOff);
    for (const name of others.slice(0, 4)) upstream.ends(name, busy);
    expect(ejectedOf(upstream)).toEqual(['a1']);
    upstream.pass(moved);
    expect(upstream.at(moved)).toBe('a2');
    upstream.call('y');
    upstream.take();
    upstream.ends('y', refused);
    expect(upstream.take()).toEqual(['fail y: unavailable, refused']);
    upstream.nowMs = 5_000;
    upstream.ends(moved, busy);
    expect(upstream.take()).toEqual([`deliver ${moved}`]);
  });

  it('nor while another has merely no room', () => {
    const upstream = new Upstream(instances('a1', 'a2'), { balance: 'round-robin', inFlightMax: 1 });
    upstream.eject('a1');
    upstream.call('x');
    upstream.take();
    upstream.call('y');
    expect(upstream.take()).toEqual(['queued y']);
  });

  it('unless its own probe is under way', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.eject('a1');
    upstream.nowMs = 7_000;
    upstream.call('probe', { idempotent: true });
    upstream.take();
    upstream.call('x');
    upstream.ends('x', refused);
    expect(upstream.take()).toEqual(['send x to a2 attempt 1', 'fail x: unavailable, refused']);
  });
});
