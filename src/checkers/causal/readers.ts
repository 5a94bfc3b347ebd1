import { grouping } from './grouping.ts';
import { at } from './ints.ts';
import type { Layout } from './layout.ts';

/** The reads of each write. */
export class Readers {
  readonly #reads: Int32Array;
  readonly #start: Int32Array;

  constructor(layout: Layout, source: Int32Array) {
    // Those that saw no write of the history are put last, where nobody looks.
    const isWrite = (write: number): boolean => write >= 0 && write < layout.count;
    const { order, start } = grouping(
      source.map((write) => (isWrite(write) ? write : layout.count)),
      layout.count + 1,
    );
    this.#reads = order;
    this.#start = start;
  }

  of(write: number): Int32Array {
    return this.#reads.subarray(at(this.#start, write), at(this.#start, write + 1));
  }
}
