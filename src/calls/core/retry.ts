import type { Call, CallTerms } from './call.ts';
import type { Outcome } from './events.ts';

/**
 * Whether sending a request again can neither double its effect nor multiply with the retries of those who
 * sent it here. The budget, the number of attempts and the deadline are asked besides.
 */
export function mayRetry(outcome: Outcome, terms: CallTerms): boolean {
  if (provablyUnsent(outcome)) return outcome.type === 'failed' && outcome.error.retryable;
  if (!terms.idempotent || terms.isWithinRetry === true) return false;
  if (outcome.type === 'failed') return outcome.error.retryable;
  return outcome.verdict !== 'ok';
}

/** True when the request provably never left: another instance may be tried without waiting. */
export function provablyUnsent(outcome: Outcome): boolean {
  return outcome.type === 'failed' && !outcome.error.mayHaveExecuted;
}

/** Whether the call may be sent again though the attempt under way may have taken effect. */
export function mayMove({ terms, attempts, isCommitted }: Call<unknown>, attemptsMax: number): boolean {
  const { idempotent, isWithinRetry, isStream } = terms;
  return idempotent && !isWithinRetry && !isStream && !isCommitted && attempts < attemptsMax;
}
