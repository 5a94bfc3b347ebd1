import { expect, it } from 'vitest';
import type { Prng } from '../../std/index.ts';
import type { Model } from './model.ts';
import type { TimedOperation } from './operation.ts';
import { Search } from './search.ts';
import { letOff, Shrink } from './shrink.ts';
import type { AtomicObject } from './testing/atomic-object.ts';
import { models, randomHistory, registerOf, storeOf, ticketsOf } from './testing/random-history.ts';
import { isLinearizable, longestOrder } from './testing/reference.ts';

const seeds = 1_500;

it('keeps of a register what is wrong, none of it needlessly', () =>
  holds('registerOf', models.register, registerOf));
it('keeps of a store what is wrong, none of it needlessly', () => holds('storeOf', models.store, storeOf));
it('keeps of tickets what is wrong, none of it needlessly', () =>
  holds('ticketsOf', models.tickets, ticketsOf));

function holds<State, Input, Output>(
  name: string,
  model: Model<State, Input, Output>,
  objectOf: (prng: Prng) => AtomicObject<Input, Output>,
): void {
  let wrong = 0;
  for (let seed = 0; seed < seeds; seed++) {
    for (const part of model.partition(randomHistory(seed, objectOf))) {
      const search = new Search(model, part);
      if (search.run(Number.POSITIVE_INFINITY) !== 'not-linearizable') continue;
      wrong++;
      check(model, part, search.best, `randomHistory(${seed}, ${name})`);
    }
  }
  expect(wrong).toBeGreaterThan(seeds / 8);
}

/** By the definition: of those kept each is needed, and the order that is shown is one, and the longest. */
function check<State, Input, Output>(
  model: Model<State, Input, Output>,
  part: readonly TimedOperation<Input, Output>[],
  longest: readonly number[],
  text: string,
): void {
  const { kept, best } = new Shrink(model, part, longest).run();
  const withKept = (isKept: (operation: TimedOperation<Input, Output>) => boolean) =>
    part.map((operation) => (isKept(operation) ? operation : letOff(operation)));
  expect(
    isLinearizable(
      model,
      withKept((each) => kept.has(each)),
    ),
    text,
  ).toBe(false);
  for (const one of kept) {
    const isExplained = isLinearizable(
      model,
      withKept((each) => kept.has(each) && each !== one),
    );
    expect(isExplained, `${text} without ${one.client} at ${one.callMs}`).toBe(true);
  }
  const answered = best.filter((each) => kept.has(each) && each.answer !== undefined);
  expect(answered.length, text).toBe(
    longestOrder(
      model,
      withKept((each) => kept.has(each)),
    ),
  );
  const states: (State | undefined)[] = [model.initial()];
  for (const { input, answer } of best.map((each) => (kept.has(each) ? each : letOff(each)))) {
    states.push(model.step(states.at(-1) as State, input, answer));
  }
  expect(states, text).not.toContain(undefined);
}
