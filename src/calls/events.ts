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
      readonly result: 'ok' | 'failed' | 'overloaded' | 'error';
      readonly error?: HoldfastError | undefined;
    }
  | {
      readonly type: 'call-ended';
      readonly service: string;
      readonly attempts: number;
      readonly latencyMs: number;
      readonly error?: HoldfastError | undefined;
    };
