import type { TimedOperation } from './operation.ts';

/** What an operation answered; undefined where nobody knows. */
export type Answered<Output> = { readonly output: Output } | undefined;

/**
 * What is known of an operation whatever the state is. The search leaves out what cannot help because of it:
 *
 * - `observes`: leaves every state as it is. A read, a refusal.
 * - `overwrites`: is possible in every state, and leads to the same one from all. A write.
 * - `changes`: anything else; always right to say.
 */
export type Effect = 'observes' | 'overwrites' | 'changes';

/**
 * An object as it is when it is used by one client at a time: its sequential specification (Herlihy and
 * Wing, 1990). All functions are pure; a state is never changed in place, and never undefined.
 */
export interface Model<State, Input, Output> {
  initial(): State;
  /** The state that follows; undefined when the object could not have answered that, or not in this state. */
  step(state: State, input: Input, answered: Answered<Output>): State | undefined;
  effect(input: Input, answered: Answered<Output>): Effect;
  /** Equal for equal states only. */
  stateKey(state: State): string;
  /** Equal only for inputs that do the same in every state when nobody knows what they answered. */
  inputKey(input: Input): string;
  /**
   * Parts that do not touch each other, such as those of different keys: the history is linearizable if and
   * only if each part is by itself, from the initial state on (Herlihy and Wing, theorem 1; Horn and
   * Kroening, 2015).
   */
  partition(
    history: readonly TimedOperation<Input, Output>[],
  ): Iterable<readonly TimedOperation<Input, Output>[]>;
  /** For people: `write 1`, `read -> 2`. */
  describe(input: Input, answered: Answered<Output>): string;
  /** For people: `the value is 2`. */
  describeState(state: State): string;
}
