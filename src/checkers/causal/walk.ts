import { grouping } from './grouping.ts';
import { at } from './ints.ts';
import type { Layout } from './layout.ts';

/**
 * Goes through some reads, in ascending order: those of one key after those of another, and of each key those
 * of one session after those of another. `visit` is called for each such group. Within it clocks only grow,
 * and what looks for the last write in a clock's reach only moves forward (AWDIT, section 4: this makes it
 * O(n k)). Keys come first since what belongs to one key, clocks included, fits a processor's cache.
 */
export function walk(
  layout: Layout,
  reads: Int32Array,
  visit: (key: number, group: Int32Array) => void,
): void {
  const keys = reads.map((read) => at(layout.key, read));
  const { order, start } = grouping(keys, layout.keyCount);
  const walked = order.map((index) => at(reads, index));
  for (let key = 0; key < layout.keyCount; key++) {
    const end = at(start, key + 1);
    for (let first = at(start, key), last = first; first < end; first = last) {
      const sessionEnd = at(layout.start, at(layout.session, at(walked, first)) + 1);
      while (last < end && at(walked, last) < sessionEnd) last++;
      visit(key, walked.subarray(first, last));
    }
  }
}
