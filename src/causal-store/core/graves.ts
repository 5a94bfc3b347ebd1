import { limits } from '../limits.ts';
import type { Write } from './record.ts';
import { sequenceOf, type Vector } from './vector.ts';

/** The tombstones of one origin's stream. */
interface Row {
  tombstones: Write[];
  /** Streams come in order; a snapshot brings its tombstones in that of their keys. */
  isSorted: boolean;
  /** With so many those that a later write has taken the place of are dropped. */
  sweepAt: number;
}

/** Tombstones by the stream they came in: which of them everybody has shows there from its beginning. */
export class Graves {
  readonly #rows = new Map<string, Row>();
  readonly #isCurrent: (tombstone: Write) => boolean;

  /** `isCurrent`: whether it still decides about its key. */
  constructor(isCurrent: (tombstone: Write) => boolean) {
    this.#isCurrent = isCurrent;
  }

  /** All that are kept, whether they still decide or not. */
  get size(): number {
    let size = 0;
    for (const { tombstones } of this.#rows.values()) size += tombstones.length;
    return size;
  }

  add(tombstone: Write): void {
    const row = this.#rows.get(tombstone.origin);
    if (row === undefined) {
      const sweepAt = limits.gravesSweptMin;
      this.#rows.set(tombstone.origin, { tombstones: [tombstone], isSorted: true, sweepAt });
      return;
    }
    const last = row.tombstones.at(-1);
    if (last !== undefined && last.sequence > tombstone.sequence) row.isSorted = false;
    row.tombstones.push(tombstone);
    if (row.tombstones.length < row.sweepAt) return;
    // A key that is written and deleted again and again would leave one each time.
    row.tombstones = row.tombstones.filter(this.#isCurrent);
    row.sweepAt = Math.max(limits.gravesSweptMin, 2 * row.tombstones.length);
  }

  /** Takes out what lies within the vector; those of them that still decide. */
  take(within: Vector): Write[] {
    const taken: Write[] = [];
    for (const [origin, row] of this.#rows) {
      const upTo = sequenceOf(within, origin);
      const end = endOf(row, upTo);
      if (end === 0) continue;
      for (const tombstone of row.tombstones.splice(0, end)) {
        if (this.#isCurrent(tombstone)) taken.push(tombstone);
      }
      if (row.tombstones.length === 0) this.#rows.delete(origin);
    }
    return taken;
  }
}

/** How many of its tombstones lie at or before a sequence. */
function endOf(row: Row, upTo: number): number {
  if (!row.isSorted) {
    row.tombstones.sort((one, other) => one.sequence - other.sequence);
    row.isSorted = true;
  }
  const { tombstones } = row;
  let end = 0;
  while (end < tombstones.length && (tombstones[end] as Write).sequence <= upTo) end++;
  return end;
}
