import type { Balance } from './core/balance/balancer.ts';

/** How one service is called. Every field has a default that is meant to be right. */
export interface UpstreamPolicy {
  /** p2c by default. */
  readonly balance?: Balance | undefined;
  /** Calls of this process under way at one instance, streams aside; 256 by default, at most 4096. */
  readonly inFlightMax?: number | undefined;
  /** Calls that wait for an instance with room; 256 by default, 0 for none, at most 16384. */
  readonly queueLengthMax?: number | undefined;
  /**
   * Milliseconds after which any attempt ends, also one that may not be repeated. By default only those that
   * may be are left for another instance, after a time that depends on how long answers take.
   */
  readonly attemptTimeoutMs?: number | undefined;
  /** Attempts of one call; 3 by default, 1 for none but the first, never more than 3. */
  readonly attemptsMax?: number | undefined;
  /** False: no instance is ever ejected, however often it fails. */
  readonly eject?: boolean | undefined;
  /** Idempotent calls ask a second instance when the first one is slower than nearly all are. */
  readonly hedge?: boolean | undefined;
  /**
   * Routes whose requests may be sent twice, beyond those whose method says so (RFC 9110, 9.2.2): a method
   * and a path whose segments may be `:name`, such as `POST /orders/:id/cancel`. Declared here because the
   * service handles a repeated request once; a header of the request proves nothing.
   */
  readonly idempotent?: readonly string[] | undefined;
}
