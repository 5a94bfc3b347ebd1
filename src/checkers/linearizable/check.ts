import { type CounterExample, counterExample } from './counter-example.ts';
import { limits } from './limits.ts';
import type { Model } from './model.ts';
import { type TimedOperation, validate } from './operation.ts';
import { Search } from './search.ts';

export type LinearizabilityVerdict<Input, Output> =
  | { readonly type: 'linearizable' }
  | { readonly type: 'not-linearizable'; readonly counterExample: CounterExample<Input, Output> }
  /** Gave up after so many steps: it may be either. */
  | { readonly type: 'undecided'; readonly steps: number };

export interface LinearizabilityOptions {
  /** Steps of the model, of all parts together. */
  readonly stepsMax?: number;
}

/**
 * Whether what clients saw of an object can be explained by each operation taking effect at one moment
 * between its call and its return (Herlihy and Wing, 1990). The history may be in any order. The parts that
 * the model names are checked one by one, the shortest first; each may take its share of the steps that are
 * left. Deciding is NP-complete (Gibbons and Korach, 1997); real histories take little more than a step for
 * each operation and each other that it overlaps.
 *
 * Throws HoldfastError `invalid_argument` for an operation that returns before its call, and
 * `resource_exhausted` beyond the bounds in limits.ts.
 */
export function checkLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly TimedOperation<Input, Output>[],
  { stepsMax = limits.stepsMax }: LinearizabilityOptions = {},
): LinearizabilityVerdict<Input, Output> {
  validate(history);
  const parts = [...model.partition(history)].sort((one, other) => one.length - other.length);
  let steps = 0;
  let isUndecided = false;
  for (const [index, part] of parts.entries()) {
    const search = new Search(model, part);
    const finding = search.run((stepsMax - steps) / (parts.length - index));
    steps += search.steps;
    if (finding === 'not-linearizable') {
      return { type: 'not-linearizable', counterExample: counterExample(model, part, search.best) };
    }
    if (finding === 'undecided') isUndecided = true;
  }
  return isUndecided ? { type: 'undecided', steps } : { type: 'linearizable' };
}
