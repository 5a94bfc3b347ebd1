import type { Timer } from '../../host/index.ts';
import type { HoldfastError } from '../../std/index.ts';
import type { Outcome } from '../core/events.ts';
import type { Instance } from '../discovery.ts';

/**
 * One call as a transport carries it out. The driver calls `send` for each attempt, then exactly one of
 * `deliver` (the last attempt's answer is the call's) and `fail`.
 */
export abstract class Exchange {
  deadlineTimer: Timer | undefined;
  backoffTimer: Timer | undefined;
  /** Takes the caller's abort signal off again. */
  release: (() => void) | undefined;

  /** Starts an attempt; `settled` is called once when it ends, not at all after `abort`. */
  abstract send(instance: Instance, remainingMs: number, settled: (outcome: Outcome) => void): void;
  abstract abort(): void;
  abstract deliver(): void;
  abstract fail(error: HoldfastError): void;
}
