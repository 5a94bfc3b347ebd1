import type { Model } from '../model.ts';
import type { TimedOperation } from '../operation.ts';

/**
 * Linearizability by its definition, for small histories of one part: tries every order of the operations in
 * which none comes after one that was called when it had returned already, with and without those that have
 * no answer. Shares nothing with the checker but the model's steps.
 */
export function isLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly TimedOperation<Input, Output>[],
  state: State = model.initial(),
): boolean {
  if (operations.every(({ answer }) => answer === undefined)) return true;
  return operations.some((first, index) => {
    const others = operations.toSpliced(index, 1);
    if (others.some(({ answer }) => answer !== undefined && answer.returnMs < first.callMs)) return false;
    const next = model.step(state, first.input, first.answer);
    return next !== undefined && isLinearizable(model, others, next);
  });
}

/** How many operations with an answer can be put in order from the start, before none of the others fits. */
export function longestOrder<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly TimedOperation<Input, Output>[],
  state: State = model.initial(),
): number {
  const lengths = operations.map((first, index) => {
    const others = operations.toSpliced(index, 1);
    const isLate = others.some(({ answer }) => answer !== undefined && answer.returnMs < first.callMs);
    const next = isLate ? undefined : model.step(state, first.input, first.answer);
    if (next === undefined) return 0;
    return Number(first.answer !== undefined) + longestOrder(model, others, next);
  });
  return Math.max(0, ...lengths);
}
