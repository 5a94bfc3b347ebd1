import type { HoldfastError } from '../../std/index.ts';
import type { InstanceLoad } from './load.ts';

/**
 * One call of a service, its attempts included. Made by the driver, changed only by the core.
 * Invariant: `current` is set exactly while the state is `sending`.
 */
export class Call<Token> {
  readonly token: Token;
  readonly startedAtMs: number;
  readonly deadlineMs: number;
  /** Sending it twice does no more than sending it once: by its method, or declared. */
  readonly idempotent: boolean;
  state: 'waiting' | 'sending' | 'backing-off' | 'ended' = 'waiting';
  attempts = 0;
  sentAtMs = 0;
  current: InstanceLoad | undefined;
  /** Id of the instance of the present or latest attempt. */
  lastInstance = '';
  /** Ids of the instances that were tried; allocated at the first failure. */
  tried: string[] | undefined;
  lastError: HoldfastError | undefined;
  /** Its neighbours among the calls under way of its upstream. */
  next: Call<Token> | undefined;
  previous: Call<Token> | undefined;
  hasAnswer = false;

  constructor(token: Token, startedAtMs: number, deadlineMs: number, idempotent: boolean) {
    this.token = token;
    this.startedAtMs = startedAtMs;
    this.deadlineMs = deadlineMs;
    this.idempotent = idempotent;
  }
}
