import { must } from '../../std/index.ts';
import { none } from '../causal/ints.ts';
import { EntryList } from './entries.ts';
import { Memo } from './memo.ts';
import type { Effect, Model } from './model.ts';
import { Needs } from './needs.ts';
import type { TimedOperation } from './operation.ts';
import { Pending } from './pending.ts';

export type Finding = 'linearizable' | 'not-linearizable' | 'undecided';

/** An operation in its place in the order that is tried. */
interface Move<State> {
  readonly operation: number;
  /** Of an operation without an answer, else `none`. */
  readonly group: number;
  /** Placed because nothing speaks against it: no other choice was left out. */
  readonly isForced: boolean;
  readonly before: State;
  readonly keyBefore: string;
}

/**
 * Looks for an order of the operations of one part that an atomic object could have done them in, each
 * between its call and its return: Wing and Gong's depth-first search (1993) with Lowe's memo of the
 * configurations met, the set of placed operations and the state (2017), as Porcupine has it (Athalye 2017).
 * Ours is what saves work without changing what is found:
 *
 * - What observes is placed as soon as it fits: it could be moved there from any later place.
 * - What has no answer is placed for an effect that is needed: never where it leaves the state as it is,
 *   right before what overwrites it, or where none is waiting that could need it.
 */
export class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #operations: readonly TimedOperation<Input, Output>[];
  readonly #effects: readonly Effect[];
  readonly #list: EntryList;
  readonly #pending: Pending<Input, Output>;
  readonly #needs: Needs<State, Input, Output>;
  readonly #memo = new Memo();
  readonly #moves: Move<State>[] = [];
  #state: State;
  #key: string;
  /** What is tried next: a call of the list, and when there is none left a group without answers. */
  #cursor = 0;
  #group = 0;
  /** Those placed that have an answer. */
  #placed = 0;
  #steps = 0;
  #best: Move<State>[] = [];
  #bestPlaced = 0;
  /** How many moves from the start are those of the best order. */
  #asBest = 0;

  constructor(model: Model<State, Input, Output>, operations: readonly TimedOperation<Input, Output>[]) {
    this.#model = model;
    this.#operations = operations;
    this.#effects = operations.map(({ input, answer }) => model.effect(input, answer));
    this.#list = new EntryList(operations);
    this.#pending = new Pending(model, operations, (operation) => this.#list.callOf(operation));
    this.#needs = new Needs(model, operations, this.#pending);
    this.#state = model.initial();
    this.#key = model.stateKey(this.#state);
    this.#settle();
  }

  /** Steps of the model so far. */
  get steps(): number {
    return this.#steps + this.#needs.steps;
  }

  /** An order, as long as any that was tried: which operations, by their place in what was given. */
  get best(): readonly number[] {
    const last = this.#best.findLastIndex(({ group }) => group === none);
    return this.#best.slice(0, last + 1).map(({ operation }) => operation);
  }

  run(stepsMax: number): Finding {
    while (!this.#list.isEmpty) {
      if (this.steps > stepsMax) return 'undecided';
      if (!this.#advance() && !this.#backtrack()) return 'not-linearizable';
    }
    return 'linearizable';
  }

  /** Places the next operation that leads to where the search has not been; false when there is none. */
  #advance(): boolean {
    for (; this.#list.isCall(this.#cursor); this.#cursor = this.#list.after(this.#cursor)) {
      if (this.#try(this.#list.operationOf(this.#cursor), none)) return true;
    }
    for (const group of this.#needs.groupsFor(this.#waiting())) {
      if (group < this.#group) continue;
      this.#group = group;
      const operation = this.#pending.nextOf(group);
      const isCalled = operation !== undefined && this.#list.callOf(operation) < this.#cursor;
      if (isCalled && this.#try(operation, group)) return true;
    }
    return false;
  }

  #try(operation: number, group: number): boolean {
    const { input, answer } = this.#at(operation);
    const effect = this.#effectOf(operation);
    const isInVain = effect === 'overwrites' && (this.#moves.at(-1)?.group ?? none) !== none;
    // What observes would have been placed already.
    if (effect === 'observes' || isInVain) return false;
    this.#steps++;
    const state = this.#model.step(this.#state, input, answer);
    if (state === undefined) return false;
    const key = this.#model.stateKey(state);
    if (group !== none && key === this.#key) return false;
    const [cursor, groupBefore] = [this.#cursor, this.#group];
    this.#push(operation, group, false);
    this.#state = state;
    this.#key = key;
    this.#settle();
    if (this.#list.isEmpty || this.#memo.isNew(this.#configuration())) return true;
    this.#undo();
    this.#cursor = cursor;
    this.#group = groupBefore;
    return false;
  }

  /** Those that may come next and answer according to the state. */
  #waiting(): readonly number[] {
    if (this.#pending.groupCount === 0) return [];
    const waiting: number[] = [];
    for (let entry = this.#list.first; this.#list.isCall(entry); entry = this.#list.after(entry)) {
      const operation = this.#list.operationOf(entry);
      if (this.#effectOf(operation) !== 'overwrites') waiting.push(operation);
    }
    return waiting;
  }

  /** Places all that observe and fit. Whoever returns makes room for those called later. */
  #settle(): void {
    let entry = this.#list.first;
    for (; this.#list.isCall(entry); entry = this.#list.after(entry)) {
      const operation = this.#list.operationOf(entry);
      if (this.#effectOf(operation) !== 'observes') continue;
      const { input, answer } = this.#at(operation);
      this.#steps++;
      if (this.#model.step(this.#state, input, answer) !== undefined) this.#push(operation, none, true);
    }
    this.#cursor = this.#list.first;
    this.#group = 0;
  }

  /** Goes back to the last choice and past what it chose; false when there is none. */
  #backtrack(): boolean {
    const move = this.#undo();
    if (move === undefined) return false;
    const { operation, group } = move;
    this.#cursor = this.#list.first;
    this.#group = 0;
    if (group === none) this.#cursor = this.#list.after(this.#list.callOf(operation));
    else {
      while (this.#list.isCall(this.#cursor)) this.#cursor = this.#list.after(this.#cursor);
      this.#group = group + 1;
    }
    return true;
  }

  #push(operation: number, group: number, isForced: boolean): void {
    this.#moves.push({ operation, group, isForced, before: this.#state, keyBefore: this.#key });
    if (group === none) {
      this.#list.lift(operation);
      this.#placed++;
    } else this.#pending.take(group);
  }

  /** Takes back the last choice and what followed from it; undefined when there was none. */
  #undo(): Move<State> | undefined {
    this.#note();
    for (;;) {
      const move = this.#moves.pop();
      if (move === undefined) return undefined;
      if (move.group === none) {
        this.#list.unlift(move.operation);
        this.#placed--;
      } else this.#pending.giveBack(move.group);
      this.#asBest = Math.min(this.#asBest, this.#moves.length);
      if (move.isForced) continue;
      this.#state = move.before;
      this.#key = move.keyBefore;
      return move;
    }
  }

  /** Keeps the longest order; only what differs is copied. */
  #note(): void {
    if (this.#placed <= this.#bestPlaced) return;
    this.#bestPlaced = this.#placed;
    this.#best.length = this.#asBest;
    for (const move of this.#moves.slice(this.#asBest)) this.#best.push(move);
    this.#asBest = this.#moves.length;
  }

  #configuration(): string {
    return `${this.#list.front()};${this.#pending.taken()};${this.#key}`;
  }

  #effectOf(operation: number): Effect {
    return must(this.#effects[operation], 'an effect');
  }

  #at(operation: number): TimedOperation<Input, Output> {
    return must(this.#operations[operation], 'an operation');
  }
}
