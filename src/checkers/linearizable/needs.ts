import { must } from '../../std/index.ts';
import type { Model } from './model.ts';
import type { TimedOperation } from './operation.ts';
import type { Pending } from './pending.ts';

/**
 * Which operations without an answer could be what others need that wait. Where all of the former overwrite,
 * what each leads to is known, and so is, once and for all, whose answer it could explain.
 */
export class Needs<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #operations: readonly TimedOperation<Input, Output>[];
  readonly #all: readonly number[];
  /** The state each group leads to; undefined when one of them does not overwrite. */
  readonly #written: readonly State[] | undefined;
  /** For each operation that was asked for, the groups that could explain it. */
  readonly #explaining = new Map<number, readonly number[]>();
  #steps = 0;

  constructor(
    model: Model<State, Input, Output>,
    operations: readonly TimedOperation<Input, Output>[],
    pending: Pending<Input, Output>,
  ) {
    this.#model = model;
    this.#operations = operations;
    this.#all = Array.from({ length: pending.groupCount }, (_, group) => group);
    const inputs = this.#all.map((group) => this.#at(must(pending.nextOf(group), 'one of a group')).input);
    if (inputs.every((input) => model.effect(input, undefined) === 'overwrites')) {
      this.#written = inputs.map((input) => model.step(model.initial(), input, undefined) as State);
    }
  }

  /** Steps of the model so far. */
  get steps(): number {
    return this.#steps;
  }

  /** The groups, in order, of which one may be placed right before one of those that wait. */
  groupsFor(waiting: readonly number[]): readonly number[] {
    if (waiting.length === 0) return [];
    if (this.#written === undefined) return this.#all;
    const groups = new Set(waiting.flatMap((operation) => this.#explainingOf(operation)));
    return [...groups].sort((one, other) => one - other);
  }

  #explainingOf(operation: number): readonly number[] {
    const known = this.#explaining.get(operation);
    if (known !== undefined) return known;
    const { input, answer } = this.#at(operation);
    const written = must(this.#written, 'what is written');
    this.#steps += this.#all.length;
    const groups = this.#all.filter(
      (group) => this.#model.step(written[group] as State, input, answer) !== undefined,
    );
    this.#explaining.set(operation, groups);
    return groups;
  }

  #at(operation: number): TimedOperation<Input, Output> {
    return must(this.#operations[operation], 'an operation');
  }
}
