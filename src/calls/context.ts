import { AsyncLocalStorage } from 'node:async_hooks';
import type { Clock, Random } from '../host/index.ts';
import { limits } from './limits.ts';
import { newTrace, parseTraceparent, type TraceContext } from './trace.ts';

/** Remaining time of the caller's deadline, in whole milliseconds: relative, so clocks need not agree. */
export const timeoutHeader = 'x-holdfast-timeout-ms';

/**
 * Which attempt at something a request is, when it is not the first; a retry of a retry counts on. Whoever
 * serves a retry repeats nothing of what it sends itself: retries of several hops add up, but never multiply.
 */
export const attemptHeader = 'x-holdfast-attempt';

/** gRPC's form of it: how many attempts came before (proposal A6, "Exposed Retry Metadata"). */
export const previousAttemptsHeader = 'grpc-previous-rpc-attempts';

/** What a request carries from hop to hop. Calls made while it is handled inherit it. */
export class CallContext {
  /** Monotonic milliseconds on this host's clock; undefined when the caller set none. */
  readonly deadlineMs: number | undefined;
  /** 1 unless the request is a retry. */
  readonly attempt: number;
  readonly #random: Random;
  readonly #traceparent: unknown;
  readonly #tracestate: unknown;
  #trace: TraceContext | undefined;

  constructor(options: {
    readonly deadlineMs?: number | undefined;
    readonly attempt?: number | undefined;
    readonly random: Random;
    readonly traceparent?: unknown;
    readonly tracestate?: unknown;
  }) {
    this.deadlineMs = options.deadlineMs;
    this.attempt = options.attempt ?? 1;
    this.#random = options.random;
    this.#traceparent = options.traceparent;
    this.#tracestate = options.tracestate;
  }

  /** The caller's trace, or a new one. Worked out when first asked for: most requests never do. */
  get trace(): TraceContext {
    this.#trace ??= parseTraceparent(this.#traceparent, this.#tracestate) ?? newTrace(this.#random);
    return this.#trace;
  }
}

const storage = new AsyncLocalStorage<CallContext>();

/** Runs `handle` so that everything it starts, however late, belongs to `context`. */
export function runInContext<Args extends readonly unknown[], Result>(
  context: CallContext,
  handle: (...args: Args) => Result,
  ...args: Args
): Result {
  return storage.run(context, handle, ...args);
}

export function currentContext(): CallContext | undefined {
  return storage.getStore();
}

export type IncomingHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The context of an incoming HTTP request. A timeout that is no whole number of milliseconds is ignored. */
export function contextFromHeaders(headers: IncomingHeaders, clock: Clock, random: Random): CallContext {
  const timeout = headers[timeoutHeader];
  const attempt = headers[attemptHeader];
  return new CallContext({
    deadlineMs: timeout === undefined ? undefined : deadlineAfter(timeout, clock),
    attempt: attempt === undefined ? 1 : readAttempt(attempt),
    random,
    traceparent: headers.traceparent,
    tracestate: headers.tracestate,
  });
}

/** From a text; 1 when it is no attempt's number. */
export function readAttempt(text: unknown): number {
  return typeof text === 'string' && /^\d{1,3}$/.test(text) ? Math.max(1, Number(text)) : 1;
}

function deadlineAfter(timeout: unknown, clock: Clock): number | undefined {
  if (typeof timeout !== 'string' || !/^\d{1,9}$/.test(timeout)) return undefined;
  return clock.nowMs() + Math.min(Number(timeout), limits.callTimeoutMsMax);
}
