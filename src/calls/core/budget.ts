import { limits } from '../limits.ts';

/**
 * How many retries an upstream may still see from this process: a share of the calls plus a constant rate
 * (Finagle's RetryBudget), so that retries cannot multiply the load of a service that is down.
 */
export class RetryBudget {
  #tokens: number = limits.retryBudgetPerS;
  #filledAtMs: number | undefined;

  earn(): void {
    this.#tokens = Math.min(limits.retryBudgetMax, this.#tokens + limits.retryBudgetShare);
  }

  /** True, and one retry spent, when the budget allows it. */
  spend(nowMs: number): boolean {
    const sinceMs = nowMs - (this.#filledAtMs ?? nowMs);
    this.#filledAtMs = nowMs;
    this.#tokens = Math.min(
      limits.retryBudgetMax,
      this.#tokens + (Math.max(0, sinceMs) * limits.retryBudgetPerS) / 1_000,
    );
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
