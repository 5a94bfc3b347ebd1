import { must } from '../../std/index.ts';
import { limits } from './limits.ts';
import type { Model } from './model.ts';
import type { TimedOperation } from './operation.ts';
import { Search } from './search.ts';

/** Operations that fit in no order, whatever became of the others of the part. */
export interface Core<Input, Output> {
  readonly kept: ReadonlySet<TimedOperation<Input, Output>>;
  /** The longest order of those kept, with what it needs of the others. */
  readonly best: readonly TimedOperation<Input, Output>[];
}

/**
 * Finds few operations that show why a part is not linearizable. To leave an operation out could turn right
 * into wrong: a read would return what nobody wrote. So it is let off instead, as if it had no answer: it may
 * have taken effect at any time after its call, or never. What is linearizable stays so; what still is not
 * proves that the whole is not. Of those kept none can be let off, unless the steps run out before that is
 * known.
 */
export class Shrink<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #part: readonly TimedOperation<Input, Output>[];
  #core: Core<Input, Output>;
  #stepsLeft: number = limits.shrinkStepsMax;

  /** @param best The longest order that the search of the part found. */
  constructor(
    model: Model<State, Input, Output>,
    part: readonly TimedOperation<Input, Output>[],
    best: readonly number[],
  ) {
    this.#model = model;
    this.#part = part;
    this.#core = this.#coreOf(part, best);
  }

  run(): Core<Input, Output> {
    this.#narrow();
    // Those that observe first: without them little is left that operations let off could explain.
    this.#letOffAll(({ input, answer }) => this.#model.effect(input, answer) === 'observes');
    this.#letOffAll(() => true);
    return this.#core;
  }

  /** Looks at the last few operations that were called before the one that cannot be placed returned. */
  #narrow(): void {
    const { returnMs } = must(stuckOf(this.#core).answer, 'an answer');
    const called = this.#part
      .filter(({ callMs }) => callMs <= returnMs)
      .sort((one, other) => one.callMs - other.callMs);
    for (const count of limits.windows) {
      if (count < called.length && this.#isWrong(called.slice(-count))) return;
    }
    this.#isWrong(called);
  }

  /** Lets off as many of those that are meant as can be, in ever smaller chunks. */
  #letOffAll(isMeant: (operation: TimedOperation<Input, Output>) => boolean): void {
    let meant = [...this.#core.kept].filter(isMeant);
    for (let size = meant.length; size >= 1; ) {
      const before = meant.length;
      for (let start = 0; start < meant.length; ) {
        if (this.#stepsLeft <= 0) return;
        const chunk = new Set(meant.slice(start, start + size));
        const fewer = [...this.#core.kept].filter((operation) => !chunk.has(operation));
        if (this.#isWrong(fewer)) meant = meant.filter((operation) => !chunk.has(operation));
        else start += size;
      }
      if (size > 1) size >>= 1;
      else if (meant.length === before) break;
    }
  }

  /** Whether some operations fit in no order, the others let off; if so they are the core. */
  #isWrong(operations: readonly TimedOperation<Input, Output>[]): boolean {
    // Each try looks at the whole part.
    this.#stepsLeft -= this.#part.length;
    const kept = new Set(operations);
    const search = new Search(
      this.#model,
      this.#part.map((operation) => (kept.has(operation) ? operation : letOff(operation))),
    );
    const finding = search.run(this.#stepsLeft * limits.shrinkTryShare);
    this.#stepsLeft -= search.steps;
    if (finding !== 'not-linearizable') return false;
    this.#core = this.#coreOf(operations, search.best);
    return true;
  }

  #coreOf(kept: readonly TimedOperation<Input, Output>[], best: readonly number[]): Core<Input, Output> {
    return {
      kept: new Set(kept),
      best: best.map((index) => must(this.#part[index], 'an operation')),
    };
  }
}

/** The operation that had to come next in the longest order: of those left it returned first. */
export function stuckOf<Input, Output>({ kept, best }: Core<Input, Output>): TimedOperation<Input, Output> {
  const returnOf = ({ answer }: TimedOperation<Input, Output>): number =>
    must(answer, 'an answer').returnMs;
  const placed = new Set(best);
  return [...kept]
    .filter((operation) => operation.answer !== undefined && !placed.has(operation))
    .reduce((first, other) => (returnOf(other) < returnOf(first) ? other : first));
}

/** The operation, as if nobody knew what became of it. */
export function letOff<Input, Output>({
  client,
  callMs,
  input,
}: TimedOperation<Input, Output>): TimedOperation<Input, Output> {
  return { client, callMs, input };
}
