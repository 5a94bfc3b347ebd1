import { grouping } from './grouping.ts';
import type { Inferred } from './inference.ts';
import { at, none } from './ints.ts';
import type { Layout } from './layout.ts';
import { Readers } from './readers.ts';

/**
 * The orders that every commit order must have: session order, reads-from and what was inferred, as the
 * predecessors of each operation. After the operations come the deletes that stand for what unsettled reads
 * saw. The history is causally consistent exactly when this has no cycle (AWDIT, section 4).
 */
export class Graph {
  readonly layout: Layout;
  readonly source: Int32Array;
  /** The reads that saw one of several deletes. */
  readonly unsettled: Int32Array;
  readonly count: number;
  readonly #from: Int32Array;
  readonly #read: Int32Array;
  /** Where the inferred predecessors of each operation begin. */
  readonly #first: Int32Array;
  /** Only what is wrong is searched from a write to its reads. */
  #readers: Readers | undefined;

  constructor(layout: Layout, source: Int32Array, unsettled: Int32Array, inferred?: Inferred) {
    this.layout = layout;
    this.source = source;
    this.unsettled = unsettled;
    this.count = layout.count + unsettled.length;
    const { order, start } = grouping(inferred?.to.view() ?? new Int32Array(0), this.count);
    this.#first = start;
    this.#from = order.map((index) => (inferred as Inferred).from.at(index));
    this.#read = order.map((index) => (inferred as Inferred).read.at(index));
  }

  /**
   * The predecessors of an operation one by one: the one before in its session, what it read, the inferred
   * ones. `none` where there is no such one, undefined after the last.
   */
  predecessor(operation: number, index: number): number | undefined {
    if (index === 0) return this.isOperation(operation) ? at(this.layout.previous, operation) : none;
    if (index === 1) return this.isOperation(operation) ? at(this.source, operation) : none;
    const edge = at(this.#first, operation) + index - 2;
    return edge < at(this.#first, operation + 1) ? at(this.#from, edge) : undefined;
  }

  /** The read that an inferred predecessor, from index 2 on, comes from. */
  reasonOf(operation: number, index: number): number {
    return at(this.#read, at(this.#first, operation) + index - 2);
  }

  /** The reads that returned what an operation wrote; the one for which a delete stands. */
  readersOf(operation: number): Int32Array {
    const standIn = operation - this.layout.count;
    if (standIn >= 0) return this.unsettled.subarray(standIn, standIn + 1);
    this.#readers ??= new Readers(this.layout, this.source);
    return this.#readers.of(operation);
  }

  isOperation(operation: number): boolean {
    return operation < this.layout.count;
  }
}
