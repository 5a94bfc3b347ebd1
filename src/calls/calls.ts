import { AsyncLocalStorage } from 'node:async_hooks';
import type { Transport } from '@connectrpc/connect';
import type { Dispatcher } from 'undici';
import type { Clock } from '../host/index.ts';
import { HoldfastError } from '../std/index.ts';
import type {
  Caller,
  CallPreferences,
  Calls,
  CallsOptions,
  RequestOptions,
  TransportOptions,
} from './caller.ts';
import { attemptHeader, CallContext, currentContext, timeoutHeader } from './context.ts';
import type { CallTerms } from './core/call.ts';
import type { UpstreamState } from './core/explain.ts';
import { DeclaredRoutes } from './declared-routes.ts';
import type { Instance } from './discovery.ts';
import type { Exchange } from './driver/exchange.ts';
import { type CallOptions, UpstreamDriver } from './driver/upstream.ts';
import { type FetchInit, fetchShaped } from './fetch.ts';
import { LazyGrpc } from './grpc/lazy.ts';
import type { Answer } from './http/answer.ts';
import { ServiceDispatcher } from './http/dispatcher.ts';
import { HttpExchange } from './http/exchange.ts';
import { listHeaders } from './http/outgoing.ts';
import { Pools } from './http/pools.ts';
import { limits } from './limits.ts';
import type { UpstreamPolicy } from './policy.ts';
import { checkPolicies, checkPreferences } from './policy-check.ts';
import { childOf, formatTraceparent } from './trace.ts';
import { attemptNames, mergeHeaders } from './travelling.ts';

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
  readonly #declared = new Map<string, DeclaredRoutes>();
  #closed = false;

  constructor(options: CallsOptions) {
    this.#options = options;
    checkPolicies(options.policies);
    for (const [service, { idempotent }] of Object.entries(options.policies ?? {})) {
      if (idempotent !== undefined) this.#declared.set(service, new DeclaredRoutes(idempotent));
    }
  }

  get clock(): Clock {
    return this.#options.host.clock;
  }

  request(service: string, options: RequestOptions): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const method = (options.method ?? 'GET').toUpperCase();
      const context = options.context ?? currentContext();
      const idempotent = this.isIdempotent(service, method, options.path);
      const terms = this.terms(service, options, context, idempotent);
      const request = {
        method: method as Dispatcher.HttpMethod,
        path: options.path,
        body: options.json === undefined ? options.body : JSON.stringify(options.json),
        isRepeatable: this.mayRepeat(service, terms),
        headers: (remainingMs: number, attempt: number) => {
          const headers = this.travelling(context, remainingMs, attempt);
          if (options.json !== undefined) headers['content-type'] = 'application/json';
          // As it is when the caller gives none: every call comes through here.
          if (options.headers === undefined) return headers;
          return mergeHeaders(listHeaders(options.headers), headers, attemptNames);
        },
      };
      const { signal } = options;
      const timeoutMs = this.timeoutMs(options.timeoutMs, context);
      this.start(service, new HttpExchange(this.#pools, request, resolve, reject), {
        ...terms,
        timeoutMs,
        signal,
      });
    });
  }

  fetch(input: string | URL | Request, init?: FetchInit): Promise<Response> {
    return fetchShaped(this, input, init);
  }

  dispatcher(service?: string, preferences: CallPreferences = {}): Dispatcher {
    return new ServiceDispatcher(this, this.#pools, service, preferences);
  }

  transport(service: string, options: TransportOptions = {}): Transport {
    return this.#grpc.transport(this, service, options);
  }

  explain(service?: string): readonly UpstreamState[] {
    return [...this.#upstreams]
      .filter(([name]) => service === undefined || name === service)
      .map(([, upstream]) => upstream.explain());
  }

  terms(
    service: string,
    preferences: CallPreferences,
    context: CallContext | undefined,
    idempotent: boolean,
  ): CallTerms {
    checkPreferences(preferences);
    const policy = this.#policyOf(service);
    return {
      idempotent: preferences.idempotent ?? idempotent,
      isWithinRetry: context !== undefined && context.attempt > 1,
      key: preferences.key,
      attemptTimeoutMs: preferences.attemptTimeoutMs ?? policy?.attemptTimeoutMs,
      hedge: preferences.hedge ?? policy?.hedge,
    };
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
    const { host, discovery, zone, observe, detail } = this.#options;
    const policy = this.#policyOf(service);
    const onInstances = (instances: readonly Instance[]): void => this.#retain(service, instances);
    // Outside: a watch serves many requests and must not belong to the one that began it.
    const made = this.#outside(
      () => new UpstreamDriver({ service, host, discovery, policy, zone, observe, detail, onInstances }),
    );
    this.#upstreams.set(service, made);
    return made;
  }

  #policyOf(service: string): UpstreamPolicy | undefined {
    const { policies } = this.#options;
    return policies !== undefined && Object.hasOwn(policies, service) ? policies[service] : undefined;
  }

  isIdempotent(service: string, method: string, path: string): boolean {
    return idempotentMethods.has(method) || this.#declared.get(service)?.has(method, path) === true;
  }

  mayRepeat(service: string, { idempotent, isWithinRetry }: CallTerms): boolean {
    return idempotent && isWithinRetry !== true && this.#policyOf(service)?.attemptsMax !== 1;
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
  travelling(
    context: CallContext | undefined,
    remainingMs: number,
    attempt: number,
  ): Record<string, string> {
    const headers: Record<string, string> = {
      traceparent: this.traceparent(context),
      [timeoutHeader]: String(Math.max(1, Math.floor(remainingMs))),
    };
    const overall = attempt + (context?.attempt ?? 1) - 1;
    if (overall > 1) headers[attemptHeader] = String(overall);
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
