import type { Clocks } from './clocks.ts';
import { at, Ints, none } from './ints.ts';
import type { Layout } from './layout.ts';
import { isDelete } from './operation.ts';
import { Visible } from './visible.ts';
import { walk } from './walk.ts';
import { unknownWrites } from './writes.ts';

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
  readonly #acknowledged: Visible;
  readonly #unknown: Visible;
  readonly #seenDeletes: Visible;
  readonly #unsettled: Int32Array;
  readonly #from = new Ints();
  readonly #to = new Ints();
  readonly #read = new Ints();

  /**
   * @param source Of an unsettled read: the delete that stands for what it saw.
   * @param acknowledged The acknowledged writes.
   */
  constructor(
    layout: Layout,
    source: Int32Array,
    clocks: Clocks,
    acknowledged: Visible,
    unsettled: Int32Array,
  ) {
    this.#layout = layout;
    this.#source = source;
    this.#clocks = clocks;
    this.#unsettled = unsettled;
    this.#acknowledged = acknowledged;
    this.#unknown = unknownWrites(layout, source);
    const inPast = unsettled.filter((read) => !layout.isFinal(read));
    this.#seenDeletes = new Visible(
      layout,
      inPast,
      inPast.map((read) => at(source, read)),
    );
  }

  infer(): Inferred {
    const { count } = this.#layout;
    walk(
      this.#layout,
      this.#layout.filter((read) => at(this.#source, read) !== none && at(this.#source, read) < count),
      (key, reads) => {
        this.#before(this.#acknowledged, key, reads);
        this.#before(this.#unknown, key, reads);
        this.#before(this.#seenDeletes, key, reads.filter(this.#hasSeenValue));
      },
    );
    walk(this.#layout, this.#boundReads(), (key, reads) => {
      this.#before(this.#acknowledged, key, reads);
      this.#before(this.#unknown, key, reads);
    });
    return { from: this.#from, to: this.#to, read: this.#read };
  }

  /**
   * The reads whose stand-in was found to come before something. The others, which are most, can be on no
   * cycle, and what comes before them is left out.
   */
  #boundReads(): Int32Array {
    const isBound = new Uint8Array(this.#unsettled.length);
    for (let index = 0; index < this.#from.length; index++) {
      const standIn = this.#from.at(index) - this.#layout.count;
      if (standIn >= 0) isBound[standIn] = 1;
    }
    return this.#unsettled.filter((_, standIn) => isBound[standIn] === 1);
  }

  /**
   * What can be seen in the past of reads, all of one key and session, comes before what they saw: the
   * innermost loop of the checker. Run by run, since then what it moves along stays in registers.
   */
  #before(visible: Visible, key: number, reads: Int32Array): void {
    const { where, writes } = visible;
    const runEnd = at(visible.first, key + 1);
    for (let run = at(visible.first, key); run < runEnd; run++) {
      const session = at(visible.session, run);
      const start = at(visible.start, run);
      const end = at(visible.start, run + 1);
      let cursor = start;
      for (let index = 0; index < reads.length; index++) {
        const read = at(reads, index);
        const entry = this.#clocks.entry(read, session);
        while (cursor < end && at(where, cursor) <= entry) cursor++;
        if (cursor === start) continue;
        const seen = at(this.#source, read);
        // What happened before says it already, through where the write can be seen.
        const isSaid =
          seen < this.#layout.count && at(where, cursor - 1) <= this.#clocks.entry(seen, session);
        if (!isSaid && at(writes, cursor - 1) !== seen) this.#add(at(writes, cursor - 1), seen, read);
      }
    }
  }

  #add(from: number, to: number, read: number): void {
    this.#from.push(from);
    this.#to.push(to);
    this.#read.push(read);
  }

  readonly #hasSeenValue = (read: number): boolean =>
    !isDelete(at(this.#layout.code, at(this.#source, read)));
}
