import { describe, expect, it } from 'vitest';
import { must, Prng } from '../../std/index.ts';
import { checkLinearizable } from './check.ts';
import type { Model } from './model.ts';
import type { TimedOperation } from './operation.ts';
import type { AtomicObject } from './testing/atomic-object.ts';
import { type Mutation, registerMutations, storeMutations, ticketMutations } from './testing/mutations.ts';
import { models, registerOf, rightHistory, storeOf, ticketsOf } from './testing/random-history.ts';
import { isLinearizable } from './testing/reference.ts';
import { wholeStoreModel } from './testing/whole-store.ts';

const seedsMax = 10_000;
/** Changed histories that are wrong by the definition, of each kind. */
const wanted = 200;

describe.each(registerMutations)('a register: $name', (mutation) => {
  it('is found', () => isFound(mutation, models.register, models.register, registerOf));
});

describe.each(storeMutations)('a store: $name', (mutation) => {
  it('is found', () => isFound(mutation, models.store, wholeStoreModel, storeOf));
});

describe.each(ticketMutations)('tickets: $name', (mutation) => {
  it('is found', () => isFound(mutation, models.tickets, models.tickets, ticketsOf));
});

it('what was not changed is accepted', () => {
  for (let seed = 0; seed < 500; seed++) {
    const text = `rightHistory(new Prng(${seed}), ...)`;
    const verdicts = [
      checkLinearizable(models.register, historyOf(seed, registerOf)),
      checkLinearizable(models.store, historyOf(seed, storeOf)),
      checkLinearizable(models.tickets, historyOf(seed, ticketsOf)),
    ];
    expect(verdicts, text).toEqual(verdicts.map(() => ({ type: 'linearizable' })));
  }
});

/** Whether the checker calls wrong what the definition does, and right what it does. */
function isFound<State, Whole, Input, Output>(
  mutation: Mutation<Input, Output>,
  model: Model<State, Input, Output>,
  whole: Model<Whole, Input, Output>,
  objectOf: (prng: Prng) => AtomicObject<Input, Output>,
): void {
  let wrong = 0;
  for (let seed = 0; seed < seedsMax && wrong < wanted; seed++) {
    const all = [...mutation.changed(historyOf(seed, objectOf))];
    if (all.length === 0) continue;
    const index = new Prng(seed).below(all.length);
    const changed = must(all[index], 'a changed history');
    const expected = isLinearizable(whole, changed) ? 'linearizable' : 'not-linearizable';
    expect(checkLinearizable(model, changed).type, `seed ${seed}, change ${index}`).toBe(expected);
    if (expected === 'not-linearizable') wrong++;
  }
  expect(wrong).toBe(wanted);
}

function historyOf<Input, Output>(
  seed: number,
  objectOf: (prng: Prng) => AtomicObject<Input, Output>,
): readonly TimedOperation<Input, Output>[] {
  const prng = new Prng(seed);
  return rightHistory(prng, objectOf(prng));
}
