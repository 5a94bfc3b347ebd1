import type { Transport } from '@connectrpc/connect';
import type { Host } from '../host/index.ts';
import type { Observe } from '../std/index.ts';
import type { CallContext } from './context.ts';
import type { Balance } from './core/balance.ts';
import type { Discovery } from './discovery.ts';
import type { Exchange } from './driver/exchange.ts';
import type { CallOptions } from './driver/upstream.ts';
import type { CallsEvent } from './events.ts';
import type { Answer } from './http/answer.ts';

export interface RequestOptions {
  /** GET by default. Any method may carry a body. */
  readonly method?: string | undefined;
  /** Path and query, percent-encoded: `/echo?msg=a%20b`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | undefined;
  /** Sent as a JSON body; not together with `body`. */
  readonly json?: unknown;
  /** For the whole call, attempts included; never beyond the deadline of the request being handled. */
  readonly timeoutMs?: number | undefined;
  /** Sending it twice does no more than once. By default so for the methods RFC 9110 9.2.2 names. */
  readonly idempotent?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The request this call belongs to; by default the one being handled. */
  readonly context?: CallContext | undefined;
}

export interface Calls {
  /** Calls `service` over HTTP. Any status is an answer; rejects with a HoldfastError when there is none. */
  request(service: string, options: RequestOptions): Promise<Answer>;
  /** `fetch` for code that has it: the URL's host is the service, `http://echo-a/echo?msg=hi`. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** For typed gRPC clients: `createClient(ServiceA, calls.transport('echo-a'))`. */
  transport(service: string): Transport;
  /** Looks a service up now: its first call need not wait, nor fail when the registry dies meanwhile. */
  prepare(service: string): void;
  close(): Promise<void>;
}

export interface CallsOptions {
  readonly host: Host;
  readonly discovery: Discovery;
  /** p2c (the default) or round-robin, by service. */
  readonly balance?: Readonly<Record<string, Balance>> | undefined;
  readonly observe?: Observe<CallsEvent> | undefined;
}

/** What a transport needs of the calls it belongs to. */
export interface Caller {
  /** Starts a call; it fails with `failed_precondition` after `close`. */
  start(service: string, exchange: Exchange, options: CallOptions): void;
  /** What is asked for, within the deadline of the request being handled, which is never extended. */
  timeoutMs(asked: number | undefined, context: CallContext | undefined): number;
  /** The trace header of the next attempt. */
  traceparent(context: CallContext | undefined): string;
}
