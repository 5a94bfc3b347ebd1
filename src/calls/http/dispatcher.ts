import { Dispatcher } from 'undici';
import { HoldfastError } from '../../std/index.ts';
import type { Caller, CallPreferences } from '../caller.ts';
import { currentContext } from '../context.ts';
import { attemptNames, mergeHeaders } from '../travelling.ts';
import { listHeaders, refuseUnfit, serviceOf, timesOf } from './outgoing.ts';
import type { Pools } from './pools.ts';
import { Relay } from './relay.ts';
import { RequestBody } from './request-body.ts';
import { StreamedExchange } from './streamed.ts';

type Callback = () => void;

/**
 * Calls in the shape of undici's Dispatcher, beside its Pool and Agent, for code that has undici already:
 * every request becomes a call of a service. Answers are streamed. Failures reach handlers as HoldfastErrors;
 * the reason of an abort as it is. Informational answers (1xx) are not passed on.
 */
export class ServiceDispatcher extends Dispatcher {
  readonly #caller: Caller;
  readonly #pools: Pools;
  readonly #service: string | undefined;
  readonly #preferences: CallPreferences;
  readonly #underWay = new Set<Relay>();
  #state: 'open' | 'closed' | 'destroyed' = 'open';
  #whenIdle = Promise.withResolvers<void>();

  constructor(caller: Caller, pools: Pools, service: string | undefined, preferences: CallPreferences) {
    super();
    this.#caller = caller;
    this.#pools = pools;
    this.#service = service;
    this.#preferences = preferences;
  }

  get closed(): boolean {
    return this.#state !== 'open';
  }

  get destroyed(): boolean {
    return this.#state === 'destroyed';
  }

  /** True, for it never asks to wait: what finds no room in time fails as too busy. False once closed. */
  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (typeof handler !== 'object' || typeof handler.onRequestStart !== 'function') {
      const text =
        'An undici before 8 needs this dispatcher wrapped in the Dispatcher1Wrapper of undici 8.';
      throw new HoldfastError('invalid_argument', text);
    }
    const abandoned = new AbortController();
    let exchange: StreamedExchange | undefined;
    const relay: Relay = new Relay(handler, () => {
      this.#ended(relay);
      exchange?.over();
      if (relay.aborted) abandoned.abort(relay.reason);
    });
    if (this.#state !== 'open') {
      relay.fail(new HoldfastError('failed_precondition', `This dispatcher is ${this.#state}.`));
      return false;
    }
    this.#underWay.add(relay);
    try {
      relay.start();
      if (!relay.isOver) this.#start(options, relay, abandoned.signal, (made) => (exchange = made));
    } catch (error) {
      relay.fail(error as Error);
    }
    return true;
  }

  #start(
    options: Dispatcher.DispatchOptions,
    relay: Relay,
    signal: AbortSignal,
    onExchange: (exchange: StreamedExchange) => void,
  ): void {
    refuseUnfit(options);
    const caller = this.#caller;
    const service = serviceOf(this.#service, options.origin);
    const { path, method, query, bodyTimeout } = options;
    const body = new RequestBody(options.body);
    const own = listHeaders(options.headers);
    const context = currentContext();
    const idempotent = this.#preferences.idempotent ?? options.idempotent;
    const preferences = {
      ...this.#preferences,
      ...timesOf(options, this.#preferences),
      // What cannot be sent again is not sent again, whatever was declared.
      idempotent: body.isReplayable ? (idempotent ?? undefined) : false,
    };
    const terms = caller.terms(service, preferences, context, caller.isIdempotent(service, method, path));
    const timeoutMs = caller.timeoutMs(preferences.timeoutMs, context);
    const isRepeatable = caller.mayRepeat(service, terms);
    const request = {
      service,
      body,
      deadlineMs: caller.clock.nowMs() + timeoutMs,
      message: (remainingMs: number, attempt: number) => ({
        path,
        method,
        isRepeatable,
        body: body.content ?? null,
        headers: mergeHeaders(own, caller.travelling(context, remainingMs, attempt), attemptNames),
        ...(query === undefined || query === null ? {} : { query }),
        ...(typeof bodyTimeout === 'number' ? { bodyTimeout } : {}),
      }),
    };
    const exchange = new StreamedExchange(this.#pools, caller.clock, request, relay);
    onExchange(exchange);
    caller.start(service, exchange, { ...terms, timeoutMs, signal });
  }

  #ended(relay: Relay): void {
    this.#underWay.delete(relay);
    if (this.#state !== 'open' && this.#underWay.size === 0) this.#whenIdle.resolve();
  }

  /** Its own calls are finished; the calls that it came from stay open. */
  override close(): Promise<void>;
  override close(callback: Callback): void;
  override close(callback?: Callback): Promise<void> | undefined {
    if (this.#state === 'open') this.#state = 'closed';
    return this.#settled(callback);
  }

  /** Its own calls are given up; the calls that it came from stay open. */
  override destroy(): Promise<void>;
  override destroy(error: Error | null): Promise<void>;
  override destroy(callback: Callback): void;
  override destroy(error: Error | null, callback: Callback): void;
  override destroy(error?: Error | null | Callback, callback?: Callback): Promise<void> | undefined {
    if (typeof error === 'function') return this.destroy(null, error) as undefined;
    this.#state = 'destroyed';
    const cause = error ?? undefined;
    const why = new HoldfastError('cancelled', 'The dispatcher of this call was destroyed.', { cause });
    for (const relay of [...this.#underWay]) relay.abort(why);
    return this.#settled(callback);
  }

  #settled(callback: Callback | undefined): Promise<void> | undefined {
    if (this.#underWay.size === 0) this.#whenIdle.resolve();
    if (callback === undefined) return this.#whenIdle.promise;
    this.#whenIdle.promise.then(callback);
    return undefined;
  }
}
