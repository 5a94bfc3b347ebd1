import type { Timer } from '../../host/index.ts';
import type { HoldfastError } from '../../std/index.ts';
import type { Sending } from '../core/attempt.ts';
import type { Outcome } from '../core/events.ts';
import type { Instance } from '../discovery.ts';

/** One attempt as its transport sees it. */
export interface Target {
  readonly instance: Instance;
  /** What is left of the call's deadline. */
  readonly remainingMs: number;
  /** 1 for the first of its call. */
  readonly attempt: number;
  /**
   * Sends the same request to the same instance once more, for its connection broke without an answer: the
   * number of that sending, as if it were a further attempt, or undefined when the retry budget does not pay.
   */
  resend(): number | undefined;
  /**
   * The head of a good answer is there, and its body goes to the caller as it comes: nothing is tried
   * elsewhere any more. `settled` still follows.
   */
  committed(): void;
  /** Once, when the attempt has ended; not at all after `abort`. */
  settled(outcome: Outcome): void;
}

/**
 * One call as a transport carries it out. The driver calls `send` for each attempt, then exactly one of
 * `deliver` (the answer of this attempt is the call's) and `fail`. A hedged call has two attempts at a time.
 */
export abstract class Exchange<Sent extends Sending = Sending> {
  timer: Timer | undefined;
  timerAtMs = Number.POSITIVE_INFINITY;
  /** Takes the caller's abort signal off again. */
  release: (() => void) | undefined;

  abstract send(target: Target): Sent;
  abstract deliver(sent: Sent): void;
  abstract fail(error: HoldfastError): void;
}
