import type { Model } from '../model.ts';
import { type RegisterInput, type RegisterOutput, type RegisterValue, registerModel } from './register.ts';

export type KeyValueInput = { readonly key: string } & (
  | { readonly type: 'get' }
  | { readonly type: 'put'; readonly value: RegisterValue }
  | { readonly type: 'delete' }
  /** Compare-and-swap; what is not there is null. */
  | { readonly type: 'cas'; readonly expected: RegisterValue; readonly value: RegisterValue }
);

const register = registerModel();

/** A store of keys, each a register of its own that holds nothing at first. Each key is a part. */
export const keyValueModel: Model<RegisterValue, KeyValueInput, RegisterOutput> = {
  ...register,
  step: (state, input, answered) => register.step(state, ofRegister(input), answered),
  effect: (input, answered) => register.effect(ofRegister(input), answered),
  inputKey: (input) => register.inputKey(ofRegister(input)),
  partition: (history) => Map.groupBy(history, ({ input }) => input.key).values(),
  describe(input, answered) {
    const text = register.describe(ofRegister(input), answered);
    return input.type === 'delete'
      ? `delete ${input.key}`
      : text.replace(/^\w+/, `${input.type} ${input.key}`);
  },
};

function ofRegister(input: KeyValueInput): RegisterInput {
  switch (input.type) {
    case 'get':
      return { type: 'read' };
    case 'put':
      return { type: 'write', value: input.value };
    case 'delete':
      return { type: 'write', value: null };
    case 'cas':
      return { type: 'cas', expected: input.expected, value: input.value };
  }
}
