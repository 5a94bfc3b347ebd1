import type { Transport } from '@connectrpc/connect';
import type { Dispatcher } from 'undici';
import type { Clock, Host } from '../host/index.ts';
import type { Observe } from '../std/index.ts';
import type { CallContext } from './context.ts';
import type { CallTerms } from './core/call.ts';
import type { UpstreamState } from './core/explain.ts';
import type { Discovery } from './discovery.ts';
import type { Exchange } from './driver/exchange.ts';
import type { CallOptions } from './driver/upstream.ts';
import type { CallsEvent, Detail } from './events.ts';
import type { FetchInit } from './fetch.ts';
import type { Answer } from './http/answer.ts';
import type { UpstreamPolicy } from './policy.ts';

/** What a caller may want of one call. */
export interface CallPreferences {
  /** For the whole call, attempts included; never beyond the deadline of the request being handled. */
  readonly timeoutMs?: number | undefined;
  /** For each attempt; by default as the service's policy says. */
  readonly attemptTimeoutMs?: number | undefined;
  /** Sending it twice does no more than once. By default so for the methods RFC 9110 9.2.2 names. */
  readonly idempotent?: boolean | undefined;
  /** Calls with the same key go to the same instance, where the policy's balance is ring-hash. */
  readonly key?: string | undefined;
  /** An idempotent call asks a second instance when the first is slower than nearly all are. */
  readonly hedge?: boolean | undefined;
}

export interface RequestOptions extends CallPreferences {
  /** GET by default. Any method may carry a body. */
  readonly method?: string | undefined;
  /** Path and query, percent-encoded: `/echo?msg=a%20b`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | undefined;
  /** Sent as a JSON body; not together with `body`. */
  readonly json?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** The request this call belongs to; by default the one being handled. */
  readonly context?: CallContext | undefined;
}

/** For all calls through one gRPC transport. What is idempotent the method's description says. */
export type TransportOptions = Pick<CallPreferences, 'attemptTimeoutMs' | 'key' | 'hedge'>;

export interface Calls {
  /** Calls `service` over HTTP. Any status is an answer; rejects with a HoldfastError when there is none. */
  request(service: string, options: RequestOptions): Promise<Answer>;
  /** `fetch` for code that has it: the URL's host is the service, `http://echo-a/echo?msg=hi`. */
  fetch(input: string | URL | Request, init?: FetchInit): Promise<Response>;
  /**
   * For code that has undici: `undici.request('http://echo-a/echo', { dispatcher: calls.dispatcher() })`,
   * also for its `fetch`, `stream` and `pipeline`, and the global `fetch`. The URL's host is the service,
   * unless one is given. Answers are streamed; `preferences` are for all calls through it. A body that is a
   * stream, an iterable or a form, as any body of `fetch` is, cannot be sent again once it was touched.
   * As for any call a second is all there is, body included, unless `preferences.timeoutMs` says otherwise,
   * or undici's own options: `headersTimeout` bounds each attempt; `bodyTimeout` bounds the silence within
   * an answer, which then may last.
   */
  dispatcher(service?: string, preferences?: CallPreferences): Dispatcher;
  /** For typed gRPC clients: `createClient(ServiceA, calls.transport('echo-a'))`. */
  transport(service: string, options?: TransportOptions): Transport;
  /** Looks a service up now: its first call need not wait, nor fail when the registry dies meanwhile. */
  prepare(service: string): void;
  /** What is known and decided about the services called so far, or about one of them. */
  explain(service?: string): readonly UpstreamState[];
  close(): Promise<void>;
}

export interface CallsOptions {
  readonly host: Host;
  readonly discovery: Discovery;
  /** How services are called, by name, where the defaults will not do. */
  readonly policies?: Readonly<Record<string, UpstreamPolicy>> | undefined;
  /** This process's own: instances in it are preferred. */
  readonly zone?: string | undefined;
  readonly observe?: Observe<CallsEvent> | undefined;
  readonly detail?: Detail | undefined;
}

/** What a transport needs of the calls it belongs to. */
export interface Caller {
  readonly clock: Clock;
  /** Starts a call; it fails with `failed_precondition` after `close`. */
  start(service: string, exchange: Exchange, options: CallOptions): void;
  /** What is asked for, within the deadline of the request being handled, which is never extended. */
  timeoutMs(asked: number | undefined, context: CallContext | undefined): number;
  /** The terms of a call, from what its caller wants, the service's policy and the request it belongs to. */
  terms(
    service: string,
    preferences: CallPreferences,
    context: CallContext | undefined,
    idempotent: boolean,
  ): CallTerms;
  /** By its method, or because the service's policy declares the route. `path` with or without a query. */
  isIdempotent(service: string, method: string, path: string): boolean;
  /** Whether what was sent may be sent again by whoever carries it out. */
  mayRepeat(service: string, terms: CallTerms): boolean;
  /** The headers of an attempt that go from hop to hop, names in lower case. */
  travelling(
    context: CallContext | undefined,
    remainingMs: number,
    attempt: number,
  ): Record<string, string>;
  /** The trace header of the next attempt. */
  traceparent(context: CallContext | undefined): string;
}
