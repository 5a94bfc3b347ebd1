import type { Endpoint } from '../endpoint.ts';

export type Balance = 'p2c' | 'round-robin' | 'least-in-flight' | 'ring-hash';

/**
 * Chooses an instance. Weights, slow start and failures reach it as each endpoint's appetite; ring-hash,
 * which must not move keys, goes by weight alone.
 */
export interface Balancer {
  /** Told of every instance that may be chosen from now on, before any choice among them. */
  know(endpoints: readonly Endpoint[]): void;
  /**
   * Chooses one of at least one candidate, and may take note of it. `key`: what the call goes by, if
   * anything.
   */
  pick(candidates: readonly Endpoint[], nowMs: number, key: string | undefined): Endpoint;
}
