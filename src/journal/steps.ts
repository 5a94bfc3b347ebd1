import type { DiskFailure, DiskOutcome, Done } from '../host/index.ts';

type Operation = (done: Done<unknown>) => void;

/**
 * Disk operations one after the other, written as a generator: each `yield*` waits for a completion. The
 * same as a chain of callbacks, with loops and `try` left as they are. It runs wherever the Disk runs, in
 * virtual time as well.
 */
export type Steps<T> = Generator<Operation, T, DiskOutcome<unknown>>;

/** A failed operation inside of steps. It never leaves `run`. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
  readonly failure: DiskFailure;

  constructor(failure: DiskFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Waits for an operation; its failure ends the steps, unless they catch it. */
export function* ask<T>(operation: (done: Done<T>) => void): Steps<T> {
  const outcome = yield* attempt(operation);
  if (outcome.ok) return outcome.value;
  throw new StepFailure(outcome.failure);
}

/** Waits for an operation that may fail. */
export function* attempt<T>(operation: (done: Done<T>) => void): Steps<DiskOutcome<T>> {
  return (yield operation as Operation) as DiskOutcome<T>;
}

/** Runs steps to their end. What they throw besides a failed operation is a bug, and goes on as such. */
export function run<T>(steps: Steps<T>, done: Done<T>): void {
  const advance = (outcome: DiskOutcome<unknown> | undefined): void => {
    let result: IteratorResult<Operation, T>;
    try {
      result = outcome === undefined ? steps.next() : steps.next(outcome);
    } catch (error) {
      if (!(error instanceof StepFailure)) throw error;
      done({ ok: false, failure: error.failure });
      return;
    }
    if (result.done === true) done({ ok: true, value: result.value });
    else result.value(advance);
  };
  advance(undefined);
}
