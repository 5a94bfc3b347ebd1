import type { KeyValueInput } from '../models/key-value.ts';
import type { RegisterInput, RegisterOutput } from '../models/register.ts';
import type { TicketOutput } from '../models/tickets.ts';
import type { TimedOperation } from '../operation.ts';

/** A way in which an object can go wrong, as a change of a history that was right. */
export interface Mutation<Input, Output> {
  readonly name: string;
  /** The history changed in each way there is; some of them are right all the same. */
  changed(
    history: readonly TimedOperation<Input, Output>[],
  ): Iterable<readonly TimedOperation<Input, Output>[]>;
}

type Change<Input, Output> = (
  one: TimedOperation<Input, Output>,
  other: TimedOperation<Input, Output>,
) => readonly [TimedOperation<Input, Output>, TimedOperation<Input, Output>] | undefined;

/** Two operations that are changed together, each of all pairs. */
function pairs<Input, Output>(name: string, change: Change<Input, Output>): Mutation<Input, Output> {
  return {
    name,
    *changed(history) {
      for (const [index, one] of history.entries()) {
        for (const [further, other] of history.entries()) {
          const both = index === further ? undefined : change(one, other);
          if (both !== undefined) yield history.with(index, both[0]).with(further, both[1]);
        }
      }
    },
  };
}

function singles<Input, Output>(
  name: string,
  change: (one: TimedOperation<Input, Output>) => TimedOperation<Input, Output> | undefined,
): Mutation<Input, Output> {
  return {
    name,
    *changed(history) {
      for (const [index, one] of history.entries()) {
        const changed = change(one);
        if (changed !== undefined) yield history.with(index, changed);
      }
    },
  };
}

/** An operation that answers otherwise. */
function answering<Input, Output>(
  one: TimedOperation<Input, Output>,
  output: Output,
): TimedOperation<Input, Output> | undefined {
  if (one.answer === undefined || one.answer.output === output) return undefined;
  return { ...one, answer: { returnMs: one.answer.returnMs, output } };
}

function exchanging<Input, Output>(
  name: string,
  isMeant: (one: TimedOperation<Input, Output>) => boolean,
): Mutation<Input, Output> {
  return pairs(name, (one, other) => {
    if (!isMeant(one) || !isMeant(other) || one.answer === undefined || other.answer === undefined)
      return undefined;
    const [first, second] = [answering(one, other.answer.output), answering(other, one.answer.output)];
    return first === undefined || second === undefined ? undefined : [first, second];
  });
}

/** An operation is taken out, as if nobody had asked for it. */
function missing<Input, Output>(
  name: string,
  isMeant: (one: TimedOperation<Input, Output>) => boolean,
): Mutation<Input, Output> {
  return {
    name,
    *changed(history) {
      for (const [index, one] of history.entries()) if (isMeant(one)) yield history.toSpliced(index, 1);
    },
  };
}

/** An operation that is called and returns before the other is called. */
function early<Input, Output>(
  name: string,
  isMeant: (one: TimedOperation<Input, Output>, other: TimedOperation<Input, Output>) => boolean,
): Mutation<Input, Output> {
  return pairs(name, (one, other) => {
    if (one.answer === undefined || !isMeant(one, other)) return undefined;
    const { output } = one.answer;
    const [callMs, returnMs] = [other.callMs - 2, other.callMs - 1];
    return [{ ...one, callMs, answer: { returnMs, output } }, other];
  });
}

export const registerMutations: readonly Mutation<RegisterInput, RegisterOutput>[] = [
  pairs('a read of another value that was written', (read, write) => {
    if (read.input.type !== 'read' || write.input.type !== 'write') return undefined;
    const changed = answering(read, write.input.value);
    return changed && [changed, write];
  }),
  singles('a read of a value that never was', (one) =>
    one.input.type === 'read' ? answering(one, 'from thin air') : undefined,
  ),
  singles('a read that finds nothing', (one) =>
    one.input.type === 'read' ? answering(one, null) : undefined,
  ),
  exchanging('two reads that see each the value of the other', ({ input }) => input.type === 'read'),
  singles('a refused swap that says it wrote', (one) =>
    one.input.type === 'cas' && one.answer?.output === false ? answering(one, true) : undefined,
  ),
  singles('a swap that wrote and says it did not', (one) =>
    one.input.type === 'cas' && one.answer?.output === true ? answering(one, false) : undefined,
  ),
  missing('a write that nobody asked for', ({ input }) => input.type === 'write'),
  early(
    'a read of a value before it is written',
    (one, other) =>
      one.input.type === 'read' && other.input.type === 'write' && one.answer?.output === other.input.value,
  ),
];

export const storeMutations: readonly Mutation<KeyValueInput, RegisterOutput>[] = [
  pairs('a get of an older value of the key', (get, put) => {
    const isOfKey = get.input.key === put.input.key && put.callMs < get.callMs;
    if (get.input.type !== 'get' || put.input.type !== 'put' || !isOfKey) return undefined;
    const changed = answering(get, put.input.value);
    return changed && [changed, put];
  }),
  pairs('a get of the value of another key', (get, put) => {
    const isOfKey = get.input.key === put.input.key;
    if (get.input.type !== 'get' || put.input.type !== 'put' || isOfKey) return undefined;
    const changed = answering(get, put.input.value);
    return changed && [changed, put];
  }),
  singles('a put that is lost', (one) => (one.input.type === 'get' ? answering(one, null) : undefined)),
  missing('a put that nobody asked for', ({ input }) => input.type === 'put'),
  missing('a delete that nobody asked for', ({ input }) => input.type === 'delete'),
];

export const ticketMutations: readonly Mutation<string, TicketOutput>[] = [
  pairs('a number given twice', (one, other) => {
    if (typeof one.answer?.output !== 'number' || typeof other.answer?.output !== 'number')
      return undefined;
    const changed = answering(one, other.answer.output);
    return changed && [changed, other];
  }),
  exchanging('two numbers exchanged', ({ answer }) => typeof answer?.output === 'number'),
  singles('a number left out', (one) =>
    typeof one.answer?.output === 'number' ? answering(one, one.answer.output + 1) : undefined,
  ),
  singles('an order refused that took a number', (one) =>
    typeof one.answer?.output === 'number' ? answering(one, 'refused') : undefined,
  ),
  singles('a number for an order that was refused', (one) =>
    one.answer?.output === 'refused' ? answering(one, 0) : undefined,
  ),
  missing('a number that was given to nobody', ({ answer }) => typeof answer?.output === 'number'),
  early('a later number for who came first', ({ answer }) => typeof answer?.output === 'number'),
];
