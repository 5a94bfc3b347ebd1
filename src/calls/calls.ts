import type { Transport } from '@connectrpc/connect';
import type { Dispatcher } from 'undici';
import type { Host } from '../host/index.ts';
import { HoldfastError, type Observe } from '../std/index.ts';
import { CallContext, currentContext, timeoutHeader } from './context.ts';
import type { Balance } from './core/balance.ts';
import type { Discovery } from './discovery.ts';
import type { Exchange } from './driver/exchange.ts';
import { type CallOptions, UpstreamDriver } from './driver/upstream.ts';
import type { CallsEvent } from './events.ts';
import { fetchShaped } from './fetch.ts';
import { LazyGrpc } from './grpc/lazy.ts';
import type { Answer } from './http/answer.ts';
import { HttpExchange } from './http/exchange.ts';
import { Pools } from './http/pools.ts';
import { limits } from './limits.ts';
import { childOf, formatTraceparent } from './trace.ts';

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
  /** Looks a service up now, so that its first call need not wait, nor fail when the registry dies meanwhile. */
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

const idempotentMethods = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

export function createCalls(options: CallsOptions): Calls {
  return new Caller(options);
}

/** What every transport needs of its caller: an upstream to start in, a deadline, what travels on. */
export class Caller implements Calls {
  readonly #options: CallsOptions;
  readonly #upstreams = new Map<string, UpstreamDriver>();
  readonly #pools = new Pools();
  readonly #grpc = new LazyGrpc();
  #closed = false;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  request(service: string, options: RequestOptions): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const method = options.method ?? 'GET';
      const context = options.context ?? currentContext();
      const request = {
        method: method as Dispatcher.HttpMethod,
        path: options.path,
        body: options.json === undefined ? options.body : JSON.stringify(options.json),
        headers: (remainingMs: number) => {
          const headers = this.travelling(context, remainingMs);
          if (options.json !== undefined) headers['content-type'] = 'application/json';
          return options.headers === undefined ? headers : Object.assign(headers, options.headers);
        },
      };
      this.start(service, new HttpExchange(this.#pools, request, resolve, reject), {
        timeoutMs: this.timeoutMs(options.timeoutMs, context),
        idempotent: options.idempotent ?? idempotentMethods.has(method),
        signal: options.signal,
      });
    });
  }

  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    return fetchShaped(this, input, init);
  }

  transport(service: string): Transport {
    return this.#grpc.transport(this, service);
  }

  /** Throws `failed_precondition` after `close`. */
  start(service: string, exchange: Exchange, options: CallOptions): void {
    if (this.#closed) {
      exchange.fail(
        new HoldfastError('failed_precondition', 'These calls are closed: the process is stopping.'),
      );
      return;
    }
    this.#upstream(service).start(exchange, options);
  }

  prepare(service: string): void {
    if (!this.#closed) this.#upstream(service);
  }

  #upstream(service: string): UpstreamDriver {
    const known = this.#upstreams.get(service);
    if (known !== undefined) return known;
    const { host, discovery, balance, observe } = this.#options;
    const made = new UpstreamDriver({ service, host, discovery, balance: balance?.[service], observe });
    this.#upstreams.set(service, made);
    return made;
  }

  /** What the caller asks for, within the deadline of the request being handled, which is never extended. */
  timeoutMs(asked: number | undefined, context: CallContext | undefined): number {
    if (asked !== undefined && !(asked > 0)) {
      throw new HoldfastError('invalid_argument', `timeoutMs must be more than 0, not ${asked}.`);
    }
    const wanted = Math.min(asked ?? Number.POSITIVE_INFINITY, limits.callTimeoutMsMax);
    const deadlineMs = context?.deadlineMs;
    if (deadlineMs === undefined) return asked === undefined ? limits.callTimeoutMs : wanted;
    return Math.min(wanted, Math.max(0, deadlineMs - this.#options.host.clock.nowMs()));
  }

  /** The headers that go from hop to hop. */
  travelling(context: CallContext | undefined, remainingMs: number): Record<string, string> {
    const headers: Record<string, string> = {
      traceparent: this.traceparent(context),
      [timeoutHeader]: String(Math.max(1, Math.floor(remainingMs))),
    };
    const state = context?.trace.state;
    if (state !== undefined) headers.tracestate = state;
    return headers;
  }

  traceparent(context: CallContext | undefined): string {
    const { random } = this.#options.host;
    const from = context ?? new CallContext({ random });
    return formatTraceparent(childOf(from.trace, random));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const upstream of this.#upstreams.values()) upstream.close();
    this.#grpc.close();
    await this.#pools.close();
  }
}
