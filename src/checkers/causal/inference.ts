import type { Clocks } from './clocks.ts';
import { at, Ints, none } from './ints.ts';
import type { Layout } from './layout.ts';
import { isDelete } from './operation.ts';
import { Visible } from './visible.ts';
import { walk } from './walk.ts';
import { Writes } from './writes.ts';

/** Orders between writes: `from[i]` comes before `to[i]`, because of what `read[i]` returned. */
export interface Inferred {
  readonly from: Ints;
  readonly to: Ints;
  readonly read: Ints;
}

/**
 * The orders between writes that what was read implies (AWDIT, section 4: saturation): a read that returned
 * `to`, with another write `from` of the same key in its causal past, puts `from` before `to`. Of each
 * session only the last such write is told, and nothing that happens-before says already: the others follow.
 *
 * A get that found nothing and may have seen several deletes saw one of them, which is not after the read. It
 * stands as a delete of its own, numbered after the operations. What the read has in its past comes before
 * it, and it comes before a value that is read by one who has the read in its past. Nothing is said of it and
 * other deletes: it may be one of them.
 */
export class Inference {
  readonly #layout: Layout;
  readonly #source: Int32Array;
  readonly #clocks: Clocks;
  readonly #writes: Writes;
  readonly #seenDeletes: Visible;
  readonly #from = new Ints();
  readonly #to = new Ints();
  readonly #read = new Ints();

  /** @param source Of an unsettled read: the delete that stands for what it saw. */
  constructor(layout: Layout, source: Int32Array, clocks: Clocks, unsettled: Int32Array) {
    this.#layout = layout;
    this.#source = source;
    this.#clocks = clocks;
    this.#writes = new Writes(layout, source);
    const inPast = unsettled.filter((read) => !layout.isFinal(read));
    this.#seenDeletes = new Visible(
      layout,
      inPast,
      inPast.map((read) => at(source, read)),
    );
  }

  infer(): Inferred {
    const reads = this.#layout.filter((operation) => at(this.#source, operation) !== none);
    walk(this.#layout, reads, {
      enter: (key) => {
        this.#writes.enter(key);
        this.#seenDeletes.enter(key);
      },
      read: (read, key) => {
        const seen = at(this.#source, read);
        this.#before(this.#writes.acknowledged, seen, read, key);
        this.#before(this.#writes.unknown, seen, read, key);
        const isValue = seen < this.#layout.count && !isDelete(at(this.#layout.code, seen));
        if (isValue) this.#before(this.#seenDeletes, seen, read, key);
      },
    });
    return { from: this.#from, to: this.#to, read: this.#read };
  }

  /** What can be seen in the read's past comes before what it saw: the innermost loop of the checker. */
  #before(visible: Visible, seen: number, read: number, key: number): void {
    const end = at(visible.first, key + 1);
    const hasClock = seen < this.#layout.count;
    for (let run = at(visible.first, key); run < end; run++) {
      const session = at(visible.session, run);
      const place = visible.last(run, this.#clocks.entry(read, session));
      if (place === none) continue;
      // What happened before says it already, through where the write can be seen.
      if (hasClock && at(visible.where, place) <= this.#clocks.entry(seen, session)) continue;
      const write = at(visible.writes, place);
      if (write === seen) continue;
      this.#from.push(write);
      this.#to.push(seen);
      this.#read.push(read);
    }
  }
}
