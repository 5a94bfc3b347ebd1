import { cut, draw } from './diagram.ts';
import { limits } from './limits.ts';
import type { Model } from './model.ts';
import type { TimedOperation } from './operation.ts';
import { Shrink, stuckOf } from './shrink.ts';

export interface CounterExample<Input, Output> {
  /** A few operations that are not linearizable, in the order of their calls. */
  readonly operations: readonly TimedOperation<Input, Output>[];
  /** The longest order that some of them fit in, first to last. */
  readonly prefix: readonly TimedOperation<Input, Output>[];
  /** What would have to come next, and cannot. */
  readonly stuck: TimedOperation<Input, Output>;
  /** For people: the operations, a client a line, the order that fits, and what does not. */
  readonly lines: readonly string[];
}

/** @param best The longest order that was found in a part that is not linearizable. */
export function counterExample<State, Input, Output>(
  model: Model<State, Input, Output>,
  part: readonly TimedOperation<Input, Output>[],
  best: readonly number[],
): CounterExample<Input, Output> {
  const core = new Shrink(model, part, best).run();
  const explained = new Set([...core.kept, ...core.best]);
  const shown = explained.size <= limits.drawnMax ? explained : core.kept;
  const operations = [...shown].sort((one, other) => one.callMs - other.callMs);
  const stuck = stuckOf(core);
  const nameOf = ({ client, input, answer }: TimedOperation<Input, Output>): string =>
    `${cut(client)} ${cut(model.describe(input, answer))}`;
  const drawn = operations.slice(-limits.drawnMax);
  const lines = [
    headline(operations.length, part.length - operations.length),
    ...(drawn.length < operations.length ? [`  The last ${drawn.length}:`] : []),
    ...draw(drawn, ({ input, answer }) => model.describe(input, answer)).map((line) => `  ${line}`),
    fits(
      core.best.slice(-limits.namedMax - 1).map(nameOf),
      cut(model.describeState(stateAfter(model, core.best, core.kept))),
    ),
    `${nameOf(stuck)} cannot be placed.`,
  ];
  return { operations, prefix: core.best, stuck, lines };
}

function headline(count: number, others: number): string {
  const which = count === 1 ? 'this operation' : `these ${count} operations`;
  const rest = others === 0 ? '' : `, whatever became of the other ${others === 1 ? 'one' : others}`;
  return `No order explains ${which}${rest}.`;
}

function fits(names: readonly string[], state: string): string {
  if (names.length === 0) return `At first ${state}.`;
  const dots = names.length > limits.namedMax ? '..., ' : '';
  return `The longest order that fits: ${dots}${names.slice(-limits.namedMax).join(', ')}. Then ${state}.`;
}

function stateAfter<State, Input, Output>(
  model: Model<State, Input, Output>,
  order: readonly TimedOperation<Input, Output>[],
  kept: ReadonlySet<TimedOperation<Input, Output>>,
): State {
  return order.reduce((state, operation) => {
    const answered = kept.has(operation) ? operation.answer : undefined;
    return model.step(state, operation.input, answered) as State;
  }, model.initial());
}
