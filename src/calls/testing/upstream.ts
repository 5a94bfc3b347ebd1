import { assert, HoldfastError, must } from '../../std/index.ts';
import type { Attempt } from '../core/attempt.ts';
import type { Balance } from '../core/balance/balancer.ts';
import { Call, type CallTerms } from '../core/call.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { Outcome, UpstreamEffect } from '../core/events.ts';
import { UpstreamCore } from '../core/upstream.ts';
import type { Instance, InstanceState } from '../discovery.ts';
import { limits } from '../limits.ts';
import type { UpstreamPolicy } from '../policy.ts';

export const instance = (id: string, state: InstanceState = 'ready', weight = 1): Instance => ({
  id,
  incarnation: 'i1',
  host: '127.0.0.1',
  port: 1,
  state,
  weight,
});
export const instances = (...ids: string[]): Instance[] => ids.map((id) => instance(id));
export const refused: Outcome = {
  type: 'failed',
  error: new HoldfastError('unavailable', 'refused', { mayHaveExecuted: false }),
};
export const brokenOff: Outcome = { type: 'failed', error: new HoldfastError('unavailable', 'broke off') };
export const ok: Outcome = { type: 'answered', verdict: 'ok' };

export const failed: Outcome = { type: 'answered', verdict: 'failed' };
export const overloaded: Outcome = { type: 'answered', verdict: 'overloaded' };
export const limited: Outcome = { type: 'answered', verdict: 'limited' };
/** The request itself is wrong: it says nothing of the instance. */
export const unsendable: Outcome = {
  type: 'failed',
  error: new HoldfastError('invalid_argument', 'cannot be sent'),
};

export interface UnderTest extends UpstreamPolicy {
  readonly seed?: number;
  readonly zone?: string;
}

/** A core with its answers as one line each, and the calls by name. */
export class Upstream {
  readonly core: UpstreamCore<string>;
  readonly calls = new Map<string, Call<string>>();
  /** All that were ever sent, in order. */
  readonly attempts: Attempt<string>[] = [];
  readonly lines: string[] = [];
  /** What calls failed with, in order. */
  readonly failures: HoldfastError[] = [];
  readonly #attemptsOf = new Map<Call<string>, Attempt<string>[]>();
  nowMs = 0;

  constructor(instances: readonly Instance[] | undefined, options: Balance | UnderTest = 'round-robin') {
    const given = typeof options === 'string' ? { balance: options } : options;
    const { seed = 3, zone, ...policy } = given;
    this.core = new UpstreamCore<string>({ service: 'a', seed, zone, policy });
    if (instances !== undefined) this.know(instances);
  }

  know(instances: readonly Instance[]): void {
    this.#note(this.core.step({ type: 'view', view: { status: 'known', instances }, nowMs: this.nowMs }));
  }

  unreachable(why: string): void {
    this.#note(this.core.step({ type: 'view', view: { status: 'unreachable', why }, nowMs: this.nowMs }));
  }

  call(name: string, options: Partial<CallTerms> & { timeoutMs?: number } = {}): void {
    const { timeoutMs = 1_000, ...terms } = options;
    const call = new Call(name, this.nowMs, this.nowMs + timeoutMs, { idempotent: false, ...terms });
    this.calls.set(name, call);
    this.#note(this.core.step({ type: 'call', call, nowMs: this.nowMs }));
  }

  /** Ends an attempt of the call: its latest, or the one with this number. */
  ends(name: string, outcome: Outcome, number?: number): void {
    const attempt = this.attempt(name, number);
    this.#note(this.core.step({ type: 'outcome', attempt, outcome, nowMs: this.nowMs }));
  }

  commits(name: string, number?: number): void {
    const attempt = this.attempt(name, number);
    this.#note(this.core.step({ type: 'committed', attempt, nowMs: this.nowMs }));
  }

  wake(name: string): void {
    this.#note(this.core.step({ type: 'woken', call: this.get(name), nowMs: this.nowMs }));
  }

  /** Moves time on to the call's next moment. */
  pass(name: string): void {
    this.nowMs = this.get(name).wakeAtMs;
    this.wake(name);
  }

  cancel(name: string): void {
    this.#note(this.core.step({ type: 'cancel', call: this.get(name), nowMs: this.nowMs, why: 'gave up' }));
  }

  close(): void {
    this.#note(this.core.step({ type: 'closed', nowMs: this.nowMs }));
  }

  /**
   * Calls one after the other, each ended at once: at an instance in `sick` as that says, elsewhere well. A
   * call that is repeated is repeated. Returns where the first attempts went.
   */
  serve(
    count: number,
    sick: Readonly<Record<string, Outcome>> = {},
    terms: Partial<CallTerms> = {},
  ): string[] {
    const targets: string[] = [];
    for (let index = 0; index < count; index++) {
      const name = `served ${this.attempts.length}`;
      this.call(name, terms);
      targets.push(this.at(name) as string);
      while (this.get(name).state !== 'ended') {
        if (this.get(name).state === 'sending') this.ends(name, sick[this.at(name) as string] ?? ok);
        else this.pass(name);
      }
    }
    return targets;
  }

  /** Has the instance fail calls that may not be repeated, while others serve well, until it is ejected. */
  eject(id: string): void {
    for (let index = 0; index < 1_000 && !this.endpoint(id).isEjected; index++)
      this.serve(1, { [id]: failed });
    assert(this.endpoint(id).isEjected, `${id} is ejected`);
  }

  /** Lets the service show how long its answers take. What happened meanwhile is not noted. */
  teach(latencyMs: number, count: number = limits.latencySamplesMin): void {
    for (let index = 0; index < count; index++) {
      this.call('lesson');
      this.nowMs += latencyMs;
      this.ends('lesson', ok);
    }
    this.take();
  }

  endpoint(id: string): Endpoint {
    return must(this.core.fleet.endpoints.get(id), `instance ${id}`);
  }

  latencyMs(id: string): number | undefined {
    return this.core.fleet.endpoints.get(id)?.latency.at(this.nowMs);
  }

  inFlight(id: string): number | undefined {
    return this.core.fleet.endpoints.get(id)?.inFlight;
  }

  get(name: string): Call<string> {
    return this.calls.get(name) as Call<string>;
  }

  attempt(name: string, number?: number): Attempt<string> {
    const own = this.#attemptsOf.get(this.get(name)) ?? [];
    return (number === undefined ? own.at(-1) : own[number - 1]) as Attempt<string>;
  }

  /** The instance of the call's latest attempt. */
  at(name: string): string | undefined {
    return this.attempt(name)?.endpoint.instance.id;
  }

  /** What happened since the last time, instances as they were chosen. */
  take(): string[] {
    return this.lines.splice(0);
  }

  #sent(attempt: Attempt<string>): void {
    this.attempts.push(attempt);
    const own = this.#attemptsOf.get(attempt.call);
    if (own === undefined) this.#attemptsOf.set(attempt.call, [attempt]);
    else own.push(attempt);
  }

  #note(effects: readonly UpstreamEffect<string>[]): void {
    for (const effect of effects) {
      if (effect.type === 'send') this.#sent(effect.attempt);
      if (effect.type === 'fail') this.failures.push(effect.error);
      const line = lineOf(effect);
      if (line !== undefined) this.lines.push(line);
    }
  }
}

function lineOf(effect: UpstreamEffect<string>): string | undefined {
  switch (effect.type) {
    case 'send': {
      const { call, endpoint, number } = effect.attempt;
      return `send ${call.token} to ${endpoint.instance.id} attempt ${number}`;
    }
    case 'abort':
      return `abort ${effect.attempt.call.token} at ${effect.attempt.endpoint.instance.id}: ${effect.why}`;
    case 'wait':
      return effect.call.state === 'sending' ? undefined : `${effect.call.state} ${effect.call.token}`;
    case 'deliver':
      return `deliver ${effect.call.token}`;
    case 'fail':
      return `fail ${effect.call.token}: ${effect.error.code}, ${effect.error.message}`;
    case 'report': {
      const { report } = effect;
      const why = report.type === 'probing' ? '' : `: ${report.why}`;
      return `${report.type} ${report.instance}${why}`;
    }
  }
}

export const target = (line: string | undefined): string => / to (\S+)/.exec(line ?? '')?.[1] ?? '';
