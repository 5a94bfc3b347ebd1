import { limits } from '../limits.ts';
import type { Attempt } from './attempt.ts';
import type { RetryBudget } from './budget.ts';
import type { Call } from './call.ts';
import type { Outcome } from './events.ts';
import type { Fleet, Prospect } from './fleet.ts';
import { mayMove, mayRetry, provablyUnsent } from './retry.ts';

/**
 * Whether a call is sent once more: only if that does no harm (retry.ts), not too often, to an instance that
 * has not had it, and within the budget. Who is told yes has paid for it.
 */
export class Repeats {
  readonly #fleet: Fleet;
  readonly #budget: RetryBudget;
  readonly #attemptsMax: number;

  constructor(fleet: Fleet, budget: RetryBudget, attemptsMax: number = limits.attemptsMax) {
    this.#fleet = fleet;
    this.#budget = budget;
    this.#attemptsMax = Math.min(attemptsMax, limits.attemptsMax);
  }

  /** After an attempt that has ended like this, while no other of its call is under way. */
  mayTryAgain(attempt: Attempt<unknown>, outcome: Outcome, nowMs: number): boolean {
    const { call } = attempt;
    if (call.attempts >= this.#attemptsMax || nowMs >= call.deadlineMs) return false;
    if (!mayRetry(outcome, call.terms)) return false;
    const prospect = this.#prospectWithout(attempt, nowMs);
    // Where trouble is known already even what was never sent has its price, or an outage would multiply it.
    const isFree = provablyUnsent(outcome) || attempt.isProbe;
    if (isFree && (prospect === 'good' || prospect === 'full')) return true;
    return prospect !== 'none' && this.#budget.spend(nowMs);
  }

  /** Whether the call may go elsewhere while an attempt is under way, for all that its terms say. */
  mayMove(call: Call<unknown>): boolean {
    return mayMove(call, this.#attemptsMax);
  }

  /** Whether the call gives this attempt up for one elsewhere. */
  affordsMove(attempt: Attempt<unknown>, nowMs: number): boolean {
    if (!this.mayMove(attempt.call) || this.#prospectWithout(attempt, nowMs) !== 'good') return false;
    return attempt.isProbe || this.#budget.spend(nowMs);
  }

  /** Whether the call has a second attempt beside this one. */
  affordsHedge(first: Attempt<unknown>, nowMs: number): boolean {
    return this.#prospectWithout(first, nowMs) === 'good' && this.#budget.spend(nowMs);
  }

  #prospectWithout({ call, endpoint }: Attempt<unknown>, nowMs: number): Prospect {
    call.noteTried(endpoint);
    return this.#fleet.prospect(call, nowMs);
  }
}
