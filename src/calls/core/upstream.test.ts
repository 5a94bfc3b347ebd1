import { describe, expect, it } from 'vitest';
import { HoldfastError, Prng } from '../../std/index.ts';
import type { Instance, InstanceState } from '../discovery.ts';
import { limits } from '../limits.ts';
import type { Balance } from './balance.ts';
import { Call } from './call.ts';
import type { Outcome, UpstreamEffect } from './events.ts';
import { UpstreamCore } from './upstream.ts';

const instance = (id: string, state: InstanceState = 'ready', weight = 1): Instance => ({
  id,
  incarnation: 'i1',
  host: '127.0.0.1',
  port: 1,
  state,
  weight,
});
const refused: Outcome = {
  type: 'failed',
  error: new HoldfastError('unavailable', 'refused', { mayHaveExecuted: false }),
};
const brokenOff: Outcome = { type: 'failed', error: new HoldfastError('unavailable', 'broke off') };
const ok: Outcome = { type: 'answered', verdict: 'ok' };

/** A core with its answers as one line each, and the calls by name. */
class Upstream {
  readonly core: UpstreamCore<string>;
  readonly calls = new Map<string, Call<string>>();
  readonly lines: string[] = [];
  nowMs = 0;

  constructor(instances: readonly Instance[] | undefined, balance: Balance = 'round-robin') {
    this.core = new UpstreamCore<string>({ service: 'a', seed: 3, balance });
    if (instances !== undefined) this.know(instances);
  }

  know(instances: readonly Instance[]): void {
    this.#note(this.core.step({ type: 'view', view: { status: 'known', instances }, nowMs: this.nowMs }));
  }

  unreachable(why: string): void {
    this.#note(this.core.step({ type: 'view', view: { status: 'unreachable', why }, nowMs: this.nowMs }));
  }

  call(name: string, options: { idempotent?: boolean; timeoutMs?: number } = {}): void {
    const { idempotent = false, timeoutMs = 1_000 } = options;
    const call = new Call(name, this.nowMs, this.nowMs + timeoutMs, idempotent);
    this.calls.set(name, call);
    this.#note(this.core.step({ type: 'call', call, nowMs: this.nowMs }));
  }

  ends(name: string, outcome: Outcome, attempt?: number): void {
    const call = this.get(name);
    const nowMs = this.nowMs;
    this.#note(
      this.core.step({ type: 'outcome', call, attempt: attempt ?? call.attempts, outcome, nowMs }),
    );
  }

  tell(type: 'backed-off' | 'deadline', name: string): void {
    this.#note(this.core.step({ type, call: this.get(name), nowMs: this.nowMs }));
  }

  cancel(name: string): void {
    this.#note(this.core.step({ type: 'cancel', call: this.get(name), nowMs: this.nowMs, why: 'gave up' }));
  }

  get(name: string): Call<string> {
    return this.calls.get(name) as Call<string>;
  }

  /** What happened since the last time, instances as they were chosen. */
  take(): string[] {
    return this.lines.splice(0);
  }

  #note(effects: readonly UpstreamEffect<string>[]): void {
    for (const effect of effects) {
      const about =
        effect.type === 'send'
          ? ` to ${effect.instance.id} attempt ${effect.attempt}`
          : effect.type === 'fail'
            ? `: ${effect.error.code}, ${effect.error.message}`
            : '';
      this.lines.push(`${effect.type} ${effect.call.token}${about}`);
    }
  }
}

const target = (line: string | undefined): string => / to (\S+)/.exec(line ?? '')?.[1] ?? '';

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

  it('keeps what it learnt of an instance until a new incarnation comes', () => {
    const upstream = new Upstream([instance('a1')]);
    upstream.call('x');
    upstream.nowMs = 400;
    upstream.ends('x', ok);
    upstream.know([instance('a1'), instance('a2')]);
    expect(upstream.core.loads.get('a1')?.latencyMs(400)).toBeGreaterThan(399);
    upstream.know([{ ...instance('a1'), incarnation: 'i2' }, instance('a2')]);
    expect(upstream.core.loads.get('a1')?.inFlight).toBe(0);
  });

  it('retries no more than the budget allows while everything is down', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')]);
    for (let index = 0; index < 1_000; index++) {
      upstream.call(`x${index}`);
      const call = upstream.get(`x${index}`);
      while (call.state === 'sending') upstream.ends(`x${index}`, refused);
    }
    const sent = upstream.take().filter((line) => line.startsWith('send')).length;
    expect(sent - 1_000).toBeGreaterThan(150);
    expect(sent - 1_000).toBeLessThanOrEqual(200 + limits.retryBudgetPerS);
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
