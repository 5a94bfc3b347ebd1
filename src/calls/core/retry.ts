import type { Outcome } from './events.ts';

/**
 * Whether sending a request again can neither double its effect nor be pointless. The budget, the number of
 * attempts and the deadline are asked besides.
 */
export function mayRetry(outcome: Outcome, idempotent: boolean): boolean {
  if (outcome.type === 'answered') return outcome.verdict === 'overloaded' && idempotent;
  return outcome.error.retryable && (idempotent || !outcome.error.mayHaveExecuted);
}

/** True when the request provably never left: another instance may be tried without waiting. */
export function provablyUnsent(outcome: Outcome): boolean {
  return outcome.type === 'failed' && !outcome.error.mayHaveExecuted;
}
