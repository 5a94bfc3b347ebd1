import type { Host } from '../../host/index.ts';
import { drive, HoldfastError, type Observe, unreachable } from '../../std/index.ts';
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
    this.#unwatch = options.discovery.watch(service, (view) =>
      this.#step({ type: 'view', view, nowMs: host.clock.nowMs() }),
    );
  }

  start(exchange: Exchange, options: CallOptions): void {
    const { clock } = this.#options.host;
    const nowMs = clock.nowMs();
    const call = new Call(exchange, nowMs, nowMs + options.timeoutMs, options.idempotent);
    exchange.call = call;
    if (options.signal !== undefined && !this.#obey(options.signal, exchange, call)) return;
    exchange.deadlineTimer = clock.setTimer(Math.max(0, options.timeoutMs), () =>
      this.#step({ type: 'deadline', call, nowMs: clock.nowMs() }),
    );
    this.#step({ type: 'call', call, nowMs });
  }

  close(): void {
    this.#unwatch();
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
      this.#reportAttempt(effect, outcome);
      this.#step({ type: 'outcome', call, attempt, outcome, nowMs: clock.nowMs() });
    };
    if (faults.any && this.#disturbed(call, instance, attempt, settled)) return;
    call.token.send(instance, call.deadlineMs - call.sentAtMs, settled);
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
        call.token.send(instance, call.deadlineMs - clock.nowMs(), settled);
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

  #reportAttempt(effect: SendEffect, outcome: Outcome): void {
    const { observe, service, host } = this.#options;
    if (observe === undefined) return;
    observe({
      type: 'attempt-ended',
      service,
      instance: effect.instance.id,
      attempt: effect.attempt,
      latencyMs: host.clock.nowMs() - effect.call.sentAtMs,
      result: outcome.type === 'failed' ? 'error' : outcome.verdict,
      error: outcome.type === 'failed' ? outcome.error : undefined,
    });
  }
}
