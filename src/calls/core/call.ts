import type { HoldfastError } from '../../std/index.ts';
import type { Attempt } from './attempt.ts';
import type { Endpoint } from './endpoint.ts';

/** What a caller wants of one call. */
export interface CallTerms {
  /** Sending it twice does no more than sending it once: by its method, or declared. */
  readonly idempotent: boolean;
  /** It belongs to a request that is a retry itself: it is not repeated once it was sent. */
  readonly isWithinRetry?: boolean | undefined;
  /** A stream: it lasts as long as it is wanted, and takes no place among the calls under way. */
  readonly isStream?: boolean | undefined;
  /** Calls with the same key go to the same instance, where the balancer goes by keys. */
  readonly key?: string | undefined;
  /** An attempt ends after this, whatever else is tried then. By default it depends on the service. */
  readonly attemptTimeoutMs?: number | undefined;
  /** A second instance is asked when the first has not answered for as long as nearly all answers take. */
  readonly hedge?: boolean | undefined;
}

/**
 * One call of a service, its attempts included. Made by the driver, changed only by the core.
 * Invariant: there is an attempt in `first` exactly while the state is `sending`; one in `second` as well
 * only for a hedged call.
 */
export class Call<Token> {
  readonly token: Token;
  readonly startedAtMs: number;
  readonly deadlineMs: number;
  readonly terms: CallTerms;
  /** looking-up: where the service is; queued: until an instance has room. */
  state: 'new' | 'looking-up' | 'queued' | 'sending' | 'backing-off' | 'ended' = 'new';
  attempts = 0;
  first: Attempt<Token> | undefined;
  second: Attempt<Token> | undefined;
  /** The attempt whose answer is, or may become, the call's. */
  answered: Attempt<Token> | undefined;
  /** An answer has begun to reach the caller: nothing is tried elsewhere any more. */
  isCommitted = false;
  /** An attempt of it was answered with a failure, broke off or timed out. */
  hasFailed = false;
  /** Some attempt of it may have taken effect. */
  mayHaveExecuted = false;
  /** Ids of the instances that were tried; allocated at the first failure. */
  tried: string[] | undefined;
  lastError: HoldfastError | undefined;
  /** When backing off or queueing ends. */
  resumeAtMs = Number.POSITIVE_INFINITY;
  hedgeAtMs = Number.POSITIVE_INFINITY;
  /** When the core wants to hear of it again. */
  wakeAtMs: number;
  /** Its neighbours among the calls under way of its upstream. */
  next: Call<Token> | undefined;
  previous: Call<Token> | undefined;

  constructor(token: Token, startedAtMs: number, deadlineMs: number, terms: CallTerms) {
    this.token = token;
    this.startedAtMs = startedAtMs;
    this.deadlineMs = deadlineMs;
    this.terms = terms;
    this.wakeAtMs = deadlineMs;
  }

  attemptBegan(attempt: Attempt<Token>): void {
    if (this.first === undefined) this.first = attempt;
    else this.second = attempt;
    this.attempts += 1;
    this.state = 'sending';
  }

  attemptEnded(attempt: Attempt<Token>): void {
    if (this.first === attempt) this.first = this.second;
    this.second = undefined;
  }

  /** Nothing more of this call goes to that instance. */
  noteTried({ instance }: Endpoint): void {
    this.tried ??= [];
    this.tried.push(instance.id);
  }

  /** One timer a call: for whatever comes first. */
  plan(): void {
    let atMs = this.deadlineMs;
    if (this.state === 'sending') {
      atMs = Math.min(atMs, this.hedgeAtMs, this.first?.dueMs ?? atMs, this.second?.dueMs ?? atMs);
    } else if (this.state === 'backing-off' || this.state === 'queued') {
      atMs = Math.min(atMs, this.resumeAtMs);
    }
    this.wakeAtMs = atMs;
  }
}
