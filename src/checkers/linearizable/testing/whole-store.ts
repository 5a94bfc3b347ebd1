import type { Model } from '../model.ts';
import { type KeyValueInput, keyValueModel } from '../models/key-value.ts';
import type { RegisterOutput, RegisterValue } from '../models/register.ts';

type Store = ReadonlyMap<string, RegisterValue>;

/** The key-value store as one object that is not taken apart: what its parts have to agree with. */
export const wholeStoreModel: Model<Store, KeyValueInput, RegisterOutput> = {
  ...keyValueModel,
  initial: () => new Map(),
  step(store, input, answered) {
    const value = keyValueModel.step(store.get(input.key) ?? null, input, answered);
    return value === undefined ? undefined : new Map([...store, [input.key, value]]);
  },
  effect: (input, answered) =>
    keyValueModel.effect(input, answered) === 'observes' ? 'observes' : 'changes',
  stateKey: (store) => JSON.stringify([...store].sort(([one], [other]) => (one < other ? -1 : 1))),
  inputKey: (input) => `${keyValueModel.inputKey(input)} ${input.key}`,
  partition: (history) => [history],
  describeState: (store) => `it holds ${JSON.stringify([...store])}`,
};
