import { Pool } from 'undici';
import type { Instance } from '../discovery.ts';
import { limits } from '../limits.ts';

/** Keep-alive connections, one pool an instance. A pool that nobody used for a while holds no connection. */
export class Pools {
  readonly #pools = new Map<string, Pool>();

  of(instance: Instance): Pool {
    const { host, port } = instance;
    const origin = host.includes(':') ? `http://[${host}]:${port}` : `http://${host}:${port}`;
    const known = this.#pools.get(origin);
    if (known !== undefined) return known;
    const pool = new Pool(origin, {
      connections: limits.connectionsPerInstanceMax,
      pipelining: 1,
      keepAliveTimeout: limits.connectionIdleMs,
      connect: { timeout: limits.connectTimeoutMs },
      allowH2: false,
      // The call's own deadline bounds these: one timer a call.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#pools.set(origin, pool);
    return pool;
  }

  async close(): Promise<void> {
    const pools = [...this.#pools.values()];
    this.#pools.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }
}
