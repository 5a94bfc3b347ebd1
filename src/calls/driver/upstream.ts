import type { Host } from '../../host/index.ts';
import {
  AssertionFailure,
  describeError,
  drive,
  HoldfastError,
  must,
  type Observe,
  unreachable,
} from '../../std/index.ts';
import type { Attempt, Sending } from '../core/attempt.ts';
import { Call, type CallTerms } from '../core/call.ts';
import type { Outcome, UpstreamEffect, UpstreamEvent } from '../core/events.ts';
import { explainUpstream, type UpstreamState } from '../core/explain.ts';
import { UpstreamCore } from '../core/upstream.ts';
import type { Discovery, Instance } from '../discovery.ts';
import type { AttemptResult, CallsEvent, Detail } from '../events.ts';
import { limits } from '../limits.ts';
import type { UpstreamPolicy } from '../policy.ts';
import type { Exchange, Target } from './exchange.ts';

export interface UpstreamOptions {
  readonly service: string;
  readonly host: Host;
  readonly discovery: Discovery;
  readonly policy?: UpstreamPolicy | undefined;
  /** The caller's own. */
  readonly zone?: string | undefined;
  readonly observe?: Observe<CallsEvent> | undefined;
  readonly detail?: Detail | undefined;
  /** Told of every list of instances, so that connections to others can be closed. */
  readonly onInstances?: ((instances: readonly Instance[]) => void) | undefined;
}

export interface CallOptions extends CallTerms {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

type Effect = UpstreamEffect<Exchange>;

/** Runs the core of one upstream: its timers, its discovery, its attempts through each call's exchange. */
export class UpstreamDriver {
  readonly #options: UpstreamOptions;
  readonly #core: UpstreamCore<Exchange>;
  readonly #step: (event: UpstreamEvent<Exchange>) => void;
  /** Told how attempts and calls end; undefined when nobody asks, which spares each call its events. */
  readonly #observeEnds: Observe<CallsEvent> | undefined;
  readonly #unwatch: () => void;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    this.#observeEnds = options.detail === 'instances' ? undefined : options.observe;
    const { service, host, policy, zone } = options;
    this.#core = new UpstreamCore<Exchange>({ service, seed: host.random.u32(), policy, zone });
    this.#step = drive(this.#core, (effect) => this.#run(effect));
    this.#unwatch = options.discovery.watch(service, (view) => {
      this.#step({ type: 'view', view, nowMs: host.clock.nowMs() });
      if (view.status === 'known') options.onInstances?.(view.instances);
    });
  }

  /** For observers and tests. */
  get core(): UpstreamCore<Exchange> {
    return this.#core;
  }

  start(exchange: Exchange, options: CallOptions): void {
    const nowMs = this.#options.host.clock.nowMs();
    const call = new Call(exchange, nowMs, nowMs + options.timeoutMs, options);
    if (options.signal !== undefined && !this.#obey(options.signal, exchange, call)) return;
    this.#step({ type: 'call', call, nowMs });
  }

  /** What is known and decided right now, for people. */
  explain(): UpstreamState {
    const { service, policy, host } = this.#options;
    const balance = policy?.balance ?? 'p2c';
    const inFlightMax = policy?.inFlightMax ?? limits.inFlightMax;
    return explainUpstream(this.#core, { service, balance, inFlightMax }, host.clock.nowMs());
  }

  /** Calls under way fail. */
  close(): void {
    this.#unwatch();
    this.#step({ type: 'closed', nowMs: this.#options.host.clock.nowMs() });
  }

  /** False when the signal had been aborted before: then the call has failed already. */
  #obey(signal: AbortSignal, exchange: Exchange, call: Call<Exchange>): boolean {
    const why = `The caller gave up its call of ${this.#options.service}.`;
    if (signal.aborted) {
      exchange.fail(new HoldfastError('cancelled', why, { cause: signal.reason, mayHaveExecuted: false }));
      return false;
    }
    const { clock } = this.#options.host;
    const abort = () => this.#step({ type: 'cancel', call, nowMs: clock.nowMs(), why });
    signal.addEventListener('abort', abort, { once: true });
    exchange.release = () => signal.removeEventListener('abort', abort);
    return true;
  }

  #run(effect: Effect): void {
    switch (effect.type) {
      case 'send':
        this.#arm(effect.attempt.call);
        this.#send(effect.attempt);
        return;
      case 'abort':
        this.#reportAttempt(effect.attempt, effect.why, undefined);
        effect.attempt.sending?.abort();
        return;
      case 'wait':
        this.#arm(effect.call);
        return;
      case 'deliver':
        this.#end(effect.call, undefined);
        effect.call.token.deliver(must(effect.call.answered?.sending, 'what was sent and answered'));
        return;
      case 'fail':
        this.#end(effect.call, effect.error);
        effect.call.token.fail(effect.error);
        return;
      case 'report':
        this.#options.observe?.({ ...effect.report, service: this.#options.service });
        return;
      default:
        unreachable(effect);
    }
  }

  /** One timer a call. It may still stand for an earlier moment: that wakes the core once too often. */
  #arm(call: Call<Exchange>): void {
    const exchange = call.token;
    if (call.state === 'ended' || exchange.timerAtMs <= call.wakeAtMs) return;
    const { clock } = this.#options.host;
    exchange.timer?.cancel();
    exchange.timerAtMs = call.wakeAtMs;
    const atMs = call.wakeAtMs;
    exchange.timer = clock.setTimer(Math.max(0, atMs - clock.nowMs()), () => {
      const lateMs = clock.nowMs() - atMs;
      if (lateMs < limits.lateWakeMs) this.#wake(call);
      else exchange.timer = clock.setTimer(limits.lateGraceMs, () => this.#wake(call));
    });
  }

  #wake(call: Call<Exchange>): void {
    call.token.timerAtMs = Number.POSITIVE_INFINITY;
    this.#step({ type: 'woken', call, nowMs: this.#options.host.clock.nowMs() });
  }

  #send(attempt: Attempt<Exchange>): void {
    const { host, service } = this.#options;
    const target = new AttemptTarget(this, attempt);
    const disturbance = host.faults.any
      ? host.faults.call(service, attempt.endpoint.instance.id)
      : undefined;
    if (disturbance === undefined) {
      this.#hand(attempt, target);
      return;
    }
    // What a drill injected for this instance: the attempt is held back or cut off.
    host.clock.setTimer(disturbance.delayMs, () => {
      if (!attempt.isUnderWay) return;
      if (!disturbance.drop) {
        this.#hand(attempt, target);
        return;
      }
      const text = `The connection to ${target.instance.id} was cut by an injected fault.`;
      target.settled({ type: 'failed', error: new HoldfastError('unavailable', text) });
    });
  }

  /** What a transport cannot even begin to send must end its own call, and nobody else's. */
  #hand(attempt: Attempt<Exchange>, target: Target): void {
    try {
      attempt.sending = attempt.call.token.send(target);
    } catch (cause) {
      if (cause instanceof AssertionFailure) throw cause;
      attempt.sending = nothingSent;
      const text = `The request cannot be sent: ${describeError(cause)}`;
      const options = { cause, mayHaveExecuted: false };
      const error =
        cause instanceof HoldfastError ? cause : new HoldfastError('invalid_argument', text, options);
      target.settled({ type: 'failed', error });
    }
  }

  #end(call: Call<Exchange>, error: HoldfastError | undefined): void {
    const exchange = call.token;
    exchange.timer?.cancel();
    exchange.release?.();
    if (this.#observeEnds === undefined) return;
    const { service, host } = this.#options;
    const latencyMs = host.clock.nowMs() - call.startedAtMs;
    this.#observeEnds({ type: 'call-ended', service, attempts: call.attempts, latencyMs, error });
  }

  /** For the targets of attempts. */
  get nowMs(): number {
    return this.#options.host.clock.nowMs();
  }

  /** For the targets of attempts. */
  affordsResend(): boolean {
    return this.#core.budget.spend(this.#options.host.clock.nowMs());
  }

  /** For the targets of attempts. */
  committed(attempt: Attempt<Exchange>): void {
    this.#step({ type: 'committed', attempt, nowMs: this.#options.host.clock.nowMs() });
  }

  /** For the targets of attempts. */
  settled(attempt: Attempt<Exchange>, outcome: Outcome): void {
    // Given up in this very step: that was reported, and its end is nobody's news.
    if (!attempt.isUnderWay) return;
    if (outcome.type === 'failed') this.#reportAttempt(attempt, 'error', outcome.error);
    else this.#reportAttempt(attempt, outcome.verdict, undefined);
    this.#step({ type: 'outcome', attempt, outcome, nowMs: this.#options.host.clock.nowMs() });
  }

  #reportAttempt(
    attempt: Attempt<Exchange>,
    result: AttemptResult,
    error: HoldfastError | undefined,
  ): void {
    if (this.#observeEnds === undefined) return;
    const { service, host } = this.#options;
    this.#observeEnds({
      type: 'attempt-ended',
      service,
      instance: attempt.endpoint.instance.id,
      attempt: attempt.number,
      by: attempt.by,
      passedOver: attempt.passedOver,
      latencyMs: host.clock.nowMs() - attempt.sentAtMs,
      result,
      error,
    });
  }
}

const nothingSent: Sending = { abort() {} };

/** A class rather than closures: one small object an attempt. */
class AttemptTarget implements Target {
  readonly #driver: UpstreamDriver;
  readonly #attempt: Attempt<Exchange>;
  #resends = 0;

  constructor(driver: UpstreamDriver, attempt: Attempt<Exchange>) {
    this.#driver = driver;
    this.#attempt = attempt;
  }

  get instance(): Instance {
    return this.#attempt.endpoint.instance;
  }

  get remainingMs(): number {
    return this.#attempt.call.deadlineMs - this.#attempt.sentAtMs;
  }

  get attempt(): number {
    return this.#attempt.number;
  }

  resend(): number | undefined {
    if (!this.#driver.affordsResend()) return undefined;
    this.#resends += 1;
    return this.#attempt.number + this.#resends;
  }

  committed(): void {
    this.#driver.committed(this.#attempt);
  }

  settled(outcome: Outcome): void {
    this.#driver.settled(this.#attempt, outcome);
  }
}
