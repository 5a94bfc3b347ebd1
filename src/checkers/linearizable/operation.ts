import { HoldfastError } from '../../std/index.ts';
import { limits } from './limits.ts';

/** What came back to the client, and when. */
export interface Answer<Output> {
  /** Not before the call. */
  readonly returnMs: number;
  readonly output: Output;
}

/**
 * What a client asked of an object, from the call to the answer. Times are of one clock, which all clients
 * read alike; an operation overlaps another that is called at the very moment the first returns. Without an
 * answer nobody knows: it took effect at some time after its call, or it never will.
 */
export interface TimedOperation<Input, Output> {
  readonly client: string;
  readonly callMs: number;
  readonly input: Input;
  readonly answer?: Answer<Output> | undefined;
}

/** Throws HoldfastError `invalid_argument` for times that cannot be, `resource_exhausted` for too many. */
export function validate(history: readonly TimedOperation<unknown, unknown>[]): void {
  if (history.length > limits.operationsMax) {
    const sentence = `A history has at most ${limits.operationsMax} operations.`;
    throw new HoldfastError('resource_exhausted', sentence);
  }
  for (const { client, callMs, answer } of history) {
    const returnMs = answer?.returnMs ?? Number.POSITIVE_INFINITY;
    if (callMs <= returnMs) continue;
    const sentence = `An operation of ${client} is called at ${callMs} and returns at ${returnMs}.`;
    throw new HoldfastError('invalid_argument', sentence);
  }
}
