import { must } from '../../std/index.ts';
import type { Model } from './model.ts';
import type { TimedOperation } from './operation.ts';

interface Group {
  /** In the order they were called. */
  readonly operations: number[];
  taken: number;
}

/**
 * The operations without an answer. Those that do the same are one group, of which it is enough to take the
 * one that was called first: whoever is left can still do what that one could.
 */
export class Pending<Input, Output> {
  readonly #groups: readonly Group[];
  /** Groups of which some are taken, in order. */
  readonly #begun: number[] = [];

  /** @param callOf The moment an operation is called, in the order of all moments. */
  constructor(
    model: Pick<Model<never, Input, Output>, 'effect' | 'inputKey'>,
    operations: readonly TimedOperation<Input, Output>[],
    callOf: (operation: number) => number,
  ) {
    const pending = [...operations.entries()]
      .filter(
        ([, { input, answer }]) => answer === undefined && model.effect(input, undefined) !== 'observes',
      )
      .map(([operation]) => operation)
      .sort((one, other) => callOf(one) - callOf(other));
    const groups = Map.groupBy(pending, (operation) =>
      model.inputKey(must(operations[operation], 'an operation').input),
    );
    this.#groups = [...groups.values()].map((group) => ({ operations: group, taken: 0 }));
  }

  get groupCount(): number {
    return this.#groups.length;
  }

  /** The operation that would be taken of a group; undefined when all are. */
  nextOf(group: number): number | undefined {
    const { operations, taken } = this.#group(group);
    return operations[taken];
  }

  take(group: number): void {
    if (this.#group(group).taken++ > 0) return;
    const after = this.#begun.findIndex((other) => other > group);
    this.#begun.splice(after < 0 ? this.#begun.length : after, 0, group);
  }

  giveBack(group: number): void {
    if (--this.#group(group).taken === 0) this.#begun.splice(this.#begun.indexOf(group), 1);
  }

  /** How many of each group are taken, as a text. */
  taken(): string {
    return this.#begun.map((group) => `${group}:${this.#group(group).taken}`).join(' ');
  }

  #group(group: number): Group {
    return must(this.#groups[group], 'a group');
  }
}
