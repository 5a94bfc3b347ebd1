import { limits } from '../limits.ts';

/**
 * How many retries an upstream may still see from this process: a share of the calls plus a constant rate
 * (Finagle's RetryBudget), so that retries cannot multiply the load of a service that is in trouble. What is
 * saved up is bounded by what was earned lately: enough to repeat what one lost instance had under way.
 */
export class RetryBudget {
  /** What the first second earns is there from the start: the very first call may have to be repeated. */
  #tokens: number = limits.retryBudgetPerS;
  #filledAtMs: number | undefined;
  /** Earned by calls in the present period and in the one before it. */
  #earned = 0;
  #earnedBefore = 0;
  #periodEndsAtMs = Number.NEGATIVE_INFINITY;

  /** A call has begun. */
  earn(nowMs: number): void {
    this.#filledAtMs ??= nowMs + 1_000;
    if (nowMs >= this.#periodEndsAtMs) this.#turn(nowMs);
    this.#earned += limits.retryBudgetShare;
    this.#tokens = Math.min(this.#cap, this.#tokens + limits.retryBudgetShare);
  }

  /** True, and one retry spent, when the budget allows it. */
  spend(nowMs: number): boolean {
    if (this.left(nowMs) < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Retries that could be made now, and a fraction of a further one. */
  left(nowMs: number): number {
    this.#filledAtMs ??= nowMs + 1_000;
    const sinceMs = Math.max(0, nowMs - this.#filledAtMs);
    this.#filledAtMs += sinceMs;
    this.#tokens = Math.min(this.#cap, this.#tokens + (sinceMs * limits.retryBudgetPerS) / 1_000);
    return this.#tokens;
  }

  get #cap(): number {
    return limits.retryBudgetSavedMin + this.#earned + this.#earnedBefore;
  }

  #turn(nowMs: number): void {
    const isNext = nowMs < this.#periodEndsAtMs + limits.retryBudgetPeriodMs;
    this.#earnedBefore = isNext ? this.#earned : 0;
    this.#earned = 0;
    this.#periodEndsAtMs = nowMs + limits.retryBudgetPeriodMs;
  }
}
