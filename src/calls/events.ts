import type { HoldfastError } from '../std/index.ts';

/** What calls report to their observer. */
export type CallsEvent =
  | {
      readonly type: 'attempt-ended';
      readonly service: string;
      readonly instance: string;
      /** 1 for the first. */
      readonly attempt: number;
      readonly latencyMs: number;
      /** aborted: its call ended before it did, by deadline or by its caller. */
      readonly result: 'ok' | 'failed' | 'overloaded' | 'error' | 'aborted';
      readonly error?: HoldfastError | undefined;
    }
  | {
      readonly type: 'call-ended';
      readonly service: string;
      readonly attempts: number;
      readonly latencyMs: number;
      readonly error?: HoldfastError | undefined;
    };
