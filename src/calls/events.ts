import type { HoldfastError } from '../std/index.ts';
import type { ChosenBy, PassedOver } from './core/attempt.ts';
import type { UpstreamReport, Verdict } from './core/events.ts';

/**
 * How an attempt ended. error: there was no whole answer; timed-out: it was given up as too slow; abandoned:
 * its caller left, or another attempt answered first.
 */
export type AttemptResult = Verdict | 'error' | 'timed-out' | 'abandoned';

/** What an observer is told of; `all` by default. instances: not how every attempt and call ends. */
export type Detail = 'instances' | 'all';

/** What calls report to their observer. */
export type CallsEvent =
  | {
      readonly type: 'attempt-ended';
      readonly service: string;
      readonly instance: string;
      /** 1 for the first. */
      readonly attempt: number;
      /** Why this instance was chosen. */
      readonly by: ChosenBy;
      /** What stood in the way of others; undefined when nothing did. */
      readonly passedOver: readonly PassedOver[] | undefined;
      readonly latencyMs: number;
      readonly result: AttemptResult;
      readonly error?: HoldfastError | undefined;
    }
  | {
      readonly type: 'call-ended';
      readonly service: string;
      readonly attempts: number;
      readonly latencyMs: number;
      readonly error?: HoldfastError | undefined;
    }
  /** An instance was ejected, is probed, is back. */
  | (UpstreamReport & { readonly service: string });
