import { describe, expect, it } from 'vitest';
import type { Prng } from '../../std/index.ts';
import { checkLinearizable } from './check.ts';
import type { Model } from './model.ts';
import type { AtomicObject } from './testing/atomic-object.ts';
import { models, randomHistory, registerOf, storeOf, ticketsOf } from './testing/random-history.ts';
import { isLinearizable } from './testing/reference.ts';
import { wholeStoreModel } from './testing/whole-store.ts';

const seeds = 10_000;

describe('the checker and the definition agree on small histories', () => {
  it('of a register', () => agree('registerOf', models.register, models.register, registerOf));
  it('of a store of several keys', () => agree('storeOf', models.store, wholeStoreModel, storeOf));
  it('of a store that is not taken apart', () =>
    agree('storeOf', wholeStoreModel, wholeStoreModel, storeOf));
  it('of numbered tickets', () => agree('ticketsOf', models.tickets, models.tickets, ticketsOf));
});

function agree<State, Whole, Input, Output>(
  name: string,
  model: Model<State, Input, Output>,
  whole: Model<Whole, Input, Output>,
  objectOf: (prng: Prng) => AtomicObject<Input, Output>,
): void {
  let wrong = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const history = randomHistory(seed, objectOf);
    const expected = isLinearizable(whole, history) ? 'linearizable' : 'not-linearizable';
    const { type } = checkLinearizable(model, history);
    if (type !== expected) {
      expect.fail(`randomHistory(${seed}, ${name}): the checker says ${type}, the definition ${expected}.`);
    }
    if (type === 'not-linearizable') wrong++;
  }
  // Enough of both.
  expect(wrong).toBeGreaterThan(seeds / 8);
  expect(wrong).toBeLessThan((7 * seeds) / 8);
}
