import type { Model } from '../model.ts';

/** What a register holds; null for nothing. Compared with `===`: not NaN. */
export type RegisterValue = string | number | boolean | null;

export type RegisterInput =
  | { readonly type: 'read' }
  | { readonly type: 'write'; readonly value: RegisterValue }
  /** Compare-and-swap: writes `value` if the register holds `expected`. */
  | { readonly type: 'cas'; readonly expected: RegisterValue; readonly value: RegisterValue };

/** Of a read the value, of a compare-and-swap whether it wrote; that of a write is not looked at. */
export type RegisterOutput = RegisterValue | undefined;

/** One value that can be read, written, compared and swapped. */
export function registerModel(
  initial: RegisterValue = null,
): Model<RegisterValue, RegisterInput, RegisterOutput> {
  return {
    initial: () => initial,
    step(state, input, answered) {
      switch (input.type) {
        case 'read':
          return answered === undefined || answered.output === state ? state : undefined;
        case 'write':
          return input.value;
        case 'cas': {
          const isEqual = state === input.expected;
          if (answered !== undefined && answered.output !== isEqual) return undefined;
          return isEqual ? input.value : state;
        }
      }
    },
    effect(input, answered) {
      if (input.type === 'write') return 'overwrites';
      return input.type === 'read' || answered?.output === false ? 'observes' : 'changes';
    },
    stateKey: keyOf,
    inputKey(input) {
      switch (input.type) {
        case 'read':
          return 'read';
        case 'write':
          return `write ${keyOf(input.value)}`;
        case 'cas':
          return `cas ${JSON.stringify([keyOf(input.expected), keyOf(input.value)])}`;
      }
    },
    partition: (history) => [history],
    describe(input, answered) {
      switch (input.type) {
        case 'read':
          return answered === undefined ? 'read' : `read -> ${nameOf(answered.output)}`;
        case 'write':
          return `write ${nameOf(input.value)}`;
        case 'cas': {
          const text = `cas ${nameOf(input.expected)} to ${nameOf(input.value)}`;
          return answered === undefined
            ? text
            : `${text} -> ${answered.output === true ? 'done' : 'refused'}`;
        }
      }
    },
    describeState: (state) => `the value is ${nameOf(state)}`,
  };
}

function keyOf(value: RegisterValue): string {
  return `${typeof value} ${value}`;
}

function nameOf(value: RegisterOutput): string {
  return value === null ? 'nothing' : JSON.stringify(value);
}
