import type { Host } from '../../host/index.ts';
import {
  AssertionFailure,
  describeError,
  drive,
  HoldfastError,
  type Observe,
  unreachable,
} from '../../std/index.ts';
import type { Balance } from '../core/balance.ts';
import { Call } from '../core/call.ts';
import type { Outcome, UpstreamEffect, UpstreamEvent } from '../core/events.ts';
import { UpstreamCore } from '../core/upstream.ts';
import type { Discovery, Instance } from '../discovery.ts';
import type { CallsEvent } from '../events.ts';
import type { Exchange } from './exchange.ts';

export interface UpstreamOptions {
  readonly service: string;
  readonly host: Host;
  readonly discovery: Discovery;
  readonly balance?: Balance | undefined;
  readonly observe?: Observe<CallsEvent> | undefined;
  /** Told of every list of instances, so that connections to others can be closed. */
  readonly onInstances?: ((instances: readonly Instance[]) => void) | undefined;
}

export interface CallOptions {
  readonly timeoutMs: number;
  readonly idempotent: boolean;
  readonly signal?: AbortSignal | undefined;
}

type Effect = UpstreamEffect<Exchange>;
type SendEffect = Extract<Effect, { type: 'send' }>;

/** Runs the core of one upstream: its timers, its discovery, its attempts through each call's exchange. */
export class UpstreamDriver {
  readonly #options: UpstreamOptions;
  readonly #step: (event: UpstreamEvent<Exchange>) => void;
  readonly #unwatch: () => void;

  constructor(options: UpstreamOptions) {
    this.#options = options;
    const { service, host, balance } = options;
    const core = new UpstreamCore<Exchange>({
      service,
      seed: host.random.u32(),
      ...(balance === undefined ? {} : { balance }),
    });
    this.#step = drive(core, (effect) => this.#run(effect));
    this.#unwatch = options.discovery.watch(service, (view) => {
      this.#step({ type: 'view', view, nowMs: host.clock.nowMs() });
      if (view.status === 'known') options.onInstances?.(view.instances);
    });
  }

  start(exchange: Exchange, options: CallOptions): void {
    const { clock } = this.#options.host;
    const nowMs = clock.nowMs();
    const call = new Call(exchange, nowMs, nowMs + options.timeoutMs, options.idempotent);
    if (options.signal !== undefined && !this.#obey(options.signal, exchange, call)) return;
    exchange.deadlineTimer = clock.setTimer(Math.max(0, options.timeoutMs), () =>
      this.#step({ type: 'deadline', call, nowMs: clock.nowMs() }),
    );
    this.#step({ type: 'call', call, nowMs });
  }

  /** Calls under way fail. */
  close(): void {
    this.#unwatch();
    this.#step({ type: 'closed' });
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
        this.#send(effect);
        return;
      case 'abort':
        this.#reportAttempt(effect.call, 'aborted', undefined);
        effect.call.token.abort();
        return;
      case 'back-off': {
        const { clock } = this.#options.host;
        const { call } = effect;
        call.token.backoffTimer = clock.setTimer(effect.delayMs, () =>
          this.#step({ type: 'backed-off', call, nowMs: clock.nowMs() }),
        );
        return;
      }
      case 'deliver':
        this.#end(effect.call, undefined);
        effect.call.token.deliver();
        return;
      case 'fail':
        this.#end(effect.call, effect.error);
        effect.call.token.fail(effect.error);
        return;
      default:
        unreachable(effect);
    }
  }

  #send(effect: SendEffect): void {
    const { call, instance, attempt } = effect;
    const { clock, faults } = this.#options.host;
    const settled = (outcome: Outcome): void => {
      if (outcome.type === 'failed') this.#reportAttempt(call, 'error', outcome.error);
      else this.#reportAttempt(call, outcome.verdict, undefined);
      this.#step({ type: 'outcome', call, attempt, outcome, nowMs: clock.nowMs() });
    };
    if (faults.any && this.#disturbed(call, instance, attempt, settled)) return;
    this.#hand(call, instance, call.deadlineMs - call.sentAtMs, settled);
  }

  /** What a transport cannot even begin to send must end its own call, and nobody else's. */
  #hand(
    call: Call<Exchange>,
    instance: Instance,
    remainingMs: number,
    settled: (outcome: Outcome) => void,
  ): void {
    try {
      call.token.send(instance, remainingMs, settled);
    } catch (cause) {
      if (cause instanceof AssertionFailure) throw cause;
      const text = `The request cannot be sent: ${describeError(cause)}`;
      const options = { cause, mayHaveExecuted: false };
      const error =
        cause instanceof HoldfastError ? cause : new HoldfastError('invalid_argument', text, options);
      settled({ type: 'failed', error });
    }
  }

  /** What a drill injected for this instance: true when the attempt is held back or cut off. */
  #disturbed(
    call: Call<Exchange>,
    instance: Instance,
    attempt: number,
    settled: (outcome: Outcome) => void,
  ): boolean {
    const { clock, faults } = this.#options.host;
    const disturbance = faults.call(this.#options.service, instance.id);
    if (disturbance === undefined) return false;
    const act = () => {
      if (call.state !== 'sending' || call.attempts !== attempt) return;
      if (!disturbance.drop) {
        this.#hand(call, instance, call.deadlineMs - clock.nowMs(), settled);
        return;
      }
      const text = `The connection to ${instance.id} was cut by an injected fault.`;
      settled({ type: 'failed', error: new HoldfastError('unavailable', text) });
    };
    clock.setTimer(disturbance.delayMs, act);
    return true;
  }

  #end(call: Call<Exchange>, error: HoldfastError | undefined): void {
    const exchange = call.token;
    exchange.deadlineTimer?.cancel();
    exchange.backoffTimer?.cancel();
    exchange.release?.();
    const { observe, service, host } = this.#options;
    if (observe === undefined) return;
    const latencyMs = host.clock.nowMs() - call.startedAtMs;
    observe({ type: 'call-ended', service, attempts: call.attempts, latencyMs, error });
  }

  #reportAttempt(
    call: Call<Exchange>,
    result: 'ok' | 'failed' | 'overloaded' | 'error' | 'aborted',
    error: HoldfastError | undefined,
  ): void {
    const { observe, service, host } = this.#options;
    if (observe === undefined) return;
    const latencyMs = host.clock.nowMs() - call.sentAtMs;
    const instance = call.lastInstance;
    observe({ type: 'attempt-ended', service, instance, attempt: call.attempts, latencyMs, result, error });
  }
}
