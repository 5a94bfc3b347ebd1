import { must, Prng } from '../../../std/index.ts';
import { keyValueModel } from '../models/key-value.ts';
import { registerModel } from '../models/register.ts';
import { ticketModel } from '../models/tickets.ts';
import type { TimedOperation } from '../operation.ts';
import { type AtomicObject, simulate } from './atomic-object.ts';
import { AtomicRegister, AtomicStore, AtomicTickets } from './objects.ts';

/** A short history of what an atomic object did, most often with something in it changed. */
export function randomHistory<Input, Output>(
  seed: number,
  objectOf: (prng: Prng) => AtomicObject<Input, Output>,
): readonly TimedOperation<Input, Output>[] {
  const prng = new Prng(seed);
  const history = [...rightHistory(prng, objectOf(prng))];
  for (let changes = prng.below(4); changes > 0; changes--) changeSome(prng, history);
  return history;
}

export function rightHistory<Input, Output>(
  prng: Prng,
  object: AtomicObject<Input, Output>,
): readonly TimedOperation<Input, Output>[] {
  return simulate(object, {
    seed: prng.u32(),
    clients: 1 + prng.below(4),
    operations: 3 + prng.below(6),
    lostShare: prng.chance(0.5) ? 0 : 0.25,
    takesMsMax: 1 + prng.below(12),
  });
}

export const registerOf = (prng: Prng): AtomicRegister => new AtomicRegister(1 + prng.below(4));
export const storeOf = (prng: Prng): AtomicStore => new AtomicStore(1 + prng.below(3));
export const ticketsOf = (prng: Prng): AtomicTickets => new AtomicTickets(2 + prng.below(12));

export const models = { register: registerModel(), store: keyValueModel, tickets: ticketModel() };

function changeSome<Input, Output>(prng: Prng, history: TimedOperation<Input, Output>[]): void {
  const index = prng.below(history.length);
  const one = must(history[index], 'an operation');
  const other = must(history[prng.below(history.length)], 'an operation');
  if (one.answer === undefined || other.answer === undefined) return;
  const { returnMs, output } = one.answer;
  switch (prng.below(4)) {
    case 0:
      if (history.length > 1) history.splice(index, 1);
      break;
    case 1: {
      const shiftMs = prng.below(21) - 10;
      const answer = { returnMs: returnMs + shiftMs, output };
      history[index] = { ...one, callMs: one.callMs + shiftMs, answer };
      break;
    }
    default:
      // What some other one answered, be it of the same kind or not.
      history[index] = { ...one, answer: { returnMs, output: other.answer.output } };
  }
}
