import { at, none } from '../causal/ints.ts';
import type { TimedOperation } from './operation.ts';

interface Event {
  readonly atMs: number;
  readonly operation: number;
  readonly isReturn: boolean;
}

/**
 * The calls and returns of the operations that are not placed yet, in order of time: Wing and Gong's doubly
 * linked list. Before the first return stand the calls of those that may come next: all others are called
 * after somebody returned who would then come later. An entry is a number, larger for a later moment. Whoever
 * has no answer has a moment, and no entry in the list.
 */
export class EntryList {
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** Of a call its return, of all else `none`. */
  readonly #returnOf: Int32Array;
  readonly #operationOf: Int32Array;
  readonly #callOf: Int32Array;
  readonly #end: number;

  constructor(operations: readonly TimedOperation<unknown, unknown>[]) {
    const events = eventsOf(operations);
    this.#end = events.length + 1;
    this.#next = new Int32Array(this.#end + 1);
    this.#previous = new Int32Array(this.#end + 1);
    this.#returnOf = new Int32Array(this.#end + 1).fill(none);
    this.#operationOf = new Int32Array(this.#end + 1).fill(none);
    this.#callOf = new Int32Array(operations.length);
    let last = 0;
    for (const [index, { operation, isReturn }] of events.entries()) {
      const entry = index + 1;
      this.#operationOf[entry] = operation;
      if (isReturn) this.#returnOf[at(this.#callOf, operation)] = entry;
      else this.#callOf[operation] = entry;
      if (operations[operation]?.answer === undefined) continue;
      this.#link(last, entry);
      last = entry;
    }
    this.#link(last, this.#end);
  }

  get isEmpty(): boolean {
    return this.first === this.#end;
  }

  get first(): number {
    return at(this.#next, 0);
  }

  after(entry: number): number {
    return at(this.#next, entry);
  }

  /** Whether it is a call, and not the return at which the calls that may come next end. */
  isCall(entry: number): boolean {
    return at(this.#returnOf, entry) !== none;
  }

  operationOf(entry: number): number {
    return at(this.#operationOf, entry);
  }

  callOf(operation: number): number {
    return at(this.#callOf, operation);
  }

  /** Takes an operation out. What comes after its call can still be asked for. */
  lift(operation: number): void {
    const call = this.callOf(operation);
    this.#unlink(at(this.#returnOf, call));
    this.#unlink(call);
  }

  /** Puts back the one that was taken out last. */
  unlift(operation: number): void {
    const call = this.callOf(operation);
    this.#relink(call);
    this.#relink(at(this.#returnOf, call));
  }

  /**
   * Which operations are in the list, as a text as short as the operations that overlap are few: of those
   * called before the first return the ones in front of it are, and of those called later all.
   */
  front(): string {
    let text = '';
    let entry = this.first;
    for (; this.isCall(entry); entry = this.after(entry)) text += `${entry} `;
    return text + entry;
  }

  #link(before: number, after: number): void {
    this.#next[before] = after;
    this.#previous[after] = before;
  }

  #unlink(entry: number): void {
    this.#link(at(this.#previous, entry), at(this.#next, entry));
  }

  #relink(entry: number): void {
    this.#next[at(this.#previous, entry)] = entry;
    this.#previous[at(this.#next, entry)] = entry;
  }
}

/** In order of time; at the same moment calls come before returns, so that the operations overlap. */
function eventsOf(operations: readonly TimedOperation<unknown, unknown>[]): readonly Event[] {
  const events = operations.flatMap(({ callMs, answer }, operation): Event[] => {
    const call = { atMs: callMs, operation, isReturn: false };
    return answer === undefined ? [call] : [call, { atMs: answer.returnMs, operation, isReturn: true }];
  });
  return events.sort((one, other) => {
    if (one.atMs !== other.atMs) return one.atMs < other.atMs ? -1 : 1;
    return Number(one.isReturn) - Number(other.isReturn);
  });
}
