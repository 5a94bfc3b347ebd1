import { AsyncLocalStorage } from 'node:async_hooks';
import type { Transport } from '@connectrpc/connect';
import type { Dispatcher } from 'undici';
import { HoldfastError } from '../std/index.ts';
import type { Caller, Calls, CallsOptions, RequestOptions } from './caller.ts';
import { CallContext, currentContext, timeoutHeader } from './context.ts';
import type { Instance } from './discovery.ts';
import type { Exchange } from './driver/exchange.ts';
import { type CallOptions, UpstreamDriver } from './driver/upstream.ts';
import { fetchShaped } from './fetch.ts';
import { LazyGrpc } from './grpc/lazy.ts';
import type { Answer } from './http/answer.ts';
import { HttpExchange } from './http/exchange.ts';
import { Pools } from './http/pools.ts';
import { limits } from './limits.ts';
import { childOf, formatTraceparent } from './trace.ts';

const idempotentMethods = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);

export function createCalls(options: CallsOptions): Calls {
  return new ProcessCalls(options);
}

class ProcessCalls implements Calls, Caller {
  readonly #options: CallsOptions;
  readonly #upstreams = new Map<string, UpstreamDriver>();
  readonly #pools = new Pools();
  readonly #grpc = new LazyGrpc();
  readonly #instances = new Map<string, readonly Instance[]>();
  readonly #outside = AsyncLocalStorage.snapshot();
  #closed = false;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  request(service: string, options: RequestOptions): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const method = (options.method ?? 'GET').toUpperCase();
      const context = options.context ?? currentContext();
      const request = {
        method: method as Dispatcher.HttpMethod,
        path: options.path,
        body: options.json === undefined ? options.body : JSON.stringify(options.json),
        headers: (remainingMs: number) => {
          const headers = this.#travelling(context, remainingMs);
          if (options.json !== undefined) headers['content-type'] = 'application/json';
          for (const name in options.headers) headers[name.toLowerCase()] = options.headers[name] as string;
          return headers;
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
    if (this.#upstreams.size >= limits.upstreamsMax) {
      const text = `This process calls ${limits.upstreamsMax} services already; are the names made up?`;
      throw new HoldfastError('resource_exhausted', text, { retryable: false });
    }
    const { host, discovery, balance, observe } = this.#options;
    const onInstances = (instances: readonly Instance[]): void => this.#retain(service, instances);
    // Outside: a watch serves many requests and must not belong to the one that began it.
    const made = this.#outside(
      () =>
        new UpstreamDriver({ service, host, discovery, balance: balance?.[service], observe, onInstances }),
    );
    this.#upstreams.set(service, made);
    return made;
  }

  /** Connections to instances that are gone are let go. */
  #retain(service: string, instances: readonly Instance[]): void {
    this.#instances.set(service, instances);
    const all = [...this.#instances.values()].flat();
    this.#pools.retain(all);
    this.#grpc.retain(new Set(all.map(({ host, port }) => `${host} ${port}`)));
  }

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
  #travelling(context: CallContext | undefined, remainingMs: number): Record<string, string> {
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
