import { grouping } from './grouping.ts';
import { at } from './ints.ts';
import type { Layout } from './layout.ts';

export interface Walker {
  /** Reads of another key, or by another session: clocks begin anew, and grow until the next call. */
  enter(key: number): void;
  read(read: number, key: number): void;
}

/**
 * Goes through some reads, in ascending order: those of one key after those of another, and of each key those
 * of one session after those of another. Within these clocks only grow, so that what looks for the last write
 * in a clock's reach only moves forward (AWDIT, section 4: this makes it O(n k)). Keys come first since what
 * belongs to one key, clocks included, fits a processor's cache.
 */
export function walk(layout: Layout, reads: Int32Array, walker: Walker): void {
  const keys = reads.map((read) => at(layout.key, read));
  const { order, start } = grouping(keys, layout.keyCount);
  for (let key = 0; key < layout.keyCount; key++) {
    let sessionEnd = 0;
    for (let place = at(start, key); place < at(start, key + 1); place++) {
      const read = at(reads, at(order, place));
      if (read >= sessionEnd) {
        walker.enter(key);
        sessionEnd = at(layout.start, at(layout.session, read) + 1);
      }
      walker.read(read, key);
    }
  }
}
