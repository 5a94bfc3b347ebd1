import { AsyncLocalStorage } from 'node:async_hooks';
import { buildConnector, type Dispatcher, Pool } from 'undici';
import { HoldfastError } from '../../std/index.ts';
import type { Instance } from '../discovery.ts';
import { limits } from '../limits.ts';

/** Keep-alive connections, one pool an instance. A pool that nobody used for a while holds no connection. */
export class Pools {
  readonly #pools = new Map<string, Pool>();
  readonly #outside = AsyncLocalStorage.snapshot();
  /** How connections broke that had brought an answer before. */
  readonly #breaksAfterUse = new WeakSet<Error>();
  readonly #connect = buildConnector({ timeout: limits.connectTimeoutMs, allowH2: false });
  #closed = false;

  /** Outside the caller's async context: a connection serves many callers, not only its first. */
  dispatch(
    instance: Instance,
    options: Dispatcher.DispatchOptions,
    handler: Dispatcher.DispatchHandler,
  ): void {
    const pool = this.#of(instance);
    this.#outside(() => pool.dispatch(options, handler));
  }

  /** Whether the connection that broke with this error had brought an answer before. */
  hadServed(cause: Error): boolean {
    return this.#breaksAfterUse.has(cause);
  }

  #of(instance: Instance): Pool {
    const origin = originOf(instance);
    const known = this.#pools.get(origin);
    if (known !== undefined) return known;
    if (this.#closed) throw new HoldfastError('failed_precondition', 'These calls are closed.');
    if (!URL.canParse(origin)) {
      const text = `${instance.id} is listed at ${instance.host}:${instance.port}, which is no address.`;
      throw new HoldfastError('unavailable', text, { mayHaveExecuted: false });
    }
    const pool = new Pool(origin, {
      connections: limits.connectionsPerInstanceMax,
      pipelining: 1,
      keepAliveTimeout: limits.connectionIdleMs,
      // What a server offers with Keep-Alive may be longer, and counts no more than ours.
      keepAliveMaxTimeout: limits.connectionIdleMs,
      connect: this.#connectAndWatch,
      allowH2: false,
      // The call's own deadline bounds these: one timer a call.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#pools.set(origin, pool);
    return pool;
  }

  /** undici hands its handlers the very error that the socket emitted, so it can be known again there. */
  readonly #connectAndWatch: buildConnector.connector = (options, callback) => {
    this.#connect(options, (...result: Parameters<buildConnector.Callback>) => {
      const [, socket] = result;
      socket?.once('error', (error) => {
        if (socket.bytesRead > 0) this.#breaksAfterUse.add(error);
      });
      callback(...result);
    });
  };

  /** Lets go of every instance that is not among these; what is under way there is finished. */
  retain(instances: Iterable<Instance>): void {
    const kept = new Set([...instances].map(originOf));
    for (const [origin, pool] of this.#pools) {
      if (kept.has(origin)) continue;
      this.#pools.delete(origin);
      pool.close().catch(() => {});
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }
}

function originOf({ host, port }: Instance): string {
  return host.includes(':') ? `http://[${host}]:${port}` : `http://${host}:${port}`;
}
