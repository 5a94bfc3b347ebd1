import type { Clocks } from './clocks.ts';
import { at, Ints, none } from './ints.ts';
import type { Layout } from './layout.ts';
import { limits } from './limits.ts';
import { code } from './operation.ts';
import type { Visible } from './visible.ts';
import { walk } from './walk.ts';
import { Deletes, Writes } from './writes.ts';

export type Settled =
  /** `unsettled` are reads that saw some delete, each one of several. */
  | { readonly type: 'settled'; readonly unsettled: Int32Array }
  /** No delete, nor the initial state, can be what this read saw, but one of these values. */
  | { readonly type: 'inexplicable'; readonly read: number; readonly values: readonly number[] }
  /** Operations depend on each other. */
  | { readonly type: 'cyclic' };

/**
 * Finds out what the gets that found nothing saw, where the store did not tell: the state before every write,
 * or one of the key's deletes. The paper has no deletes; this is what goes beyond it.
 *
 * - The initial state is possible while no write of the key is in the read's causal past.
 * - A delete is possible unless it comes after the read, or an acknowledged write of the key that is in the
 *   read's past comes after it. An unknown delete may take effect at any time: only the first holds for it.
 * - With none possible the history is wrong. With one, it was seen: a `wr` edge like any other, from which
 *   more may follow, so this goes round until nothing is new. A read that may have seen the initial state
 *   says nothing. With several, nobody knows which; inference.ts uses that there was one.
 *
 * What is called wrong is wrong: nothing is concluded from one of several possibilities. The converse does
 * not hold: to try all combinations of the unsettled reads would take exponential time.
 */
export class AbsentReads {
  readonly #layout: Layout;
  readonly #source: Int32Array;
  readonly #clocks: Clocks;
  readonly #deletes: Deletes;

  constructor(layout: Layout, source: Int32Array, clocks: Clocks) {
    this.#layout = layout;
    this.#source = source;
    this.#clocks = clocks;
    this.#deletes = new Deletes(layout);
  }

  /** Sweeps the clocks, and enters in `source` what is settled. */
  settle(): Settled {
    if (!this.#clocks.sweep(this.#source)) return { type: 'cyclic' };
    let open = this.#open();
    for (let roundsLeft = limits.absentRoundsMax; ; roundsLeft--) {
      const round = new Round(this.#layout, this.#source, this.#clocks, this.#deletes);
      round.run(open, roundsLeft > 1);
      if (round.inexplicable !== undefined) return { type: 'inexplicable', ...round.inexplicable };
      if (!round.isNew) return { type: 'settled', unsettled: round.unsettled.view() };
      if (!this.#clocks.sweep(this.#source)) return { type: 'cyclic' };
      open = open.filter((read) => at(this.#source, read) === none);
    }
  }

  /** The gets that found nothing, without being told why. */
  #open(): Int32Array {
    const { code: codes } = this.#layout;
    const isOpen = (read: number): boolean =>
      at(codes, read) === code.absent && at(this.#source, read) === none;
    return this.#layout.filter(isOpen);
  }
}

/** Looks once at every read that found nothing. */
class Round {
  readonly #layout: Layout;
  readonly #source: Int32Array;
  readonly #clocks: Clocks;
  readonly #deletes: Deletes;
  readonly #writes: Writes;
  /** Whether a delete was settled on that no clock knew of. */
  isNew = false;
  inexplicable: { readonly read: number; readonly values: readonly number[] } | undefined;
  readonly unsettled = new Ints();

  constructor(layout: Layout, source: Int32Array, clocks: Clocks, deletes: Deletes) {
    this.#layout = layout;
    this.#source = source;
    this.#clocks = clocks;
    this.#deletes = deletes;
    this.#writes = new Writes(layout, source);
  }

  /** @param mayBeNew Whether to settle on what clocks do not know of: they are to be swept again then. */
  run(reads: Int32Array, mayBeNew: boolean): void {
    walk(this.#layout, reads, {
      enter: (key) => {
        this.#writes.enter(key);
        this.#deletes.acknowledged.enter(key);
      },
      read: (read) => {
        if (this.inexplicable === undefined) this.#look(read, mayBeNew);
      },
    });
  }

  #look(read: number, mayBeNew: boolean): void {
    const acknowledged = this.#last(this.#writes.acknowledged, read);
    const unknown = this.#last(this.#writes.unknown, read);
    if (acknowledged.length + unknown.length === 0) return;
    const [only, another] = this.#possible(read, acknowledged);
    if (only === undefined) {
      const values = acknowledged.filter((write) => !this.#isOverwritten(write, acknowledged));
      this.inexplicable = { read, values: [...values, ...unknown] };
      return;
    }
    // What is in the past already changes no clock.
    const isNew = another === undefined && !this.#clocks.hasPastOf(read, only);
    if (another !== undefined || (isNew && !mayBeNew)) {
      this.unsettled.push(read);
    } else {
      this.#source[read] = only;
      this.isNew ||= isNew;
    }
  }

  /** Of each session the last write of the key that is in the read's past. */
  #last(visible: Visible, read: number): readonly number[] {
    const found: number[] = [];
    const key = at(this.#layout.key, read);
    for (let run = at(visible.first, key); run < at(visible.first, key + 1); run++) {
      const place = visible.last(run, this.#clocks.entry(read, at(visible.session, run)));
      if (place !== none) found.push(at(visible.writes, place));
    }
    return found;
  }

  /** Deletes that the read can have seen, two when there are more. */
  #possible(read: number, past: readonly number[]): readonly number[] {
    const found: number[] = [];
    const key = at(this.#layout.key, read);
    const deletes = this.#deletes.acknowledged;
    for (let run = at(deletes.first, key); run < at(deletes.first, key + 1); run++) {
      deletes.last(run, this.#clocks.entry(read, at(deletes.session, run)));
      for (let count = 1; found.length < 2; count++) {
        const write = deletes.after(run, count);
        // Those after it in its session come after the read as well.
        if (write === none || this.#isAfter(write, read)) break;
        found.push(write);
      }
    }
    for (const write of this.#deletes.unknown.get(key) ?? []) {
      if (found.length < 2 && !this.#isAfter(write, read)) found.push(write);
    }
    for (const write of past) {
      const isDelete = at(this.#layout.code, write) === code.delete;
      if (found.length < 2 && isDelete && !this.#isOverwritten(write, past)) found.push(write);
    }
    return found;
  }

  #isOverwritten(write: number, past: readonly number[]): boolean {
    return past.some((other) => other !== write && this.#clocks.isInPast(write, other));
  }

  #isAfter(write: number, read: number): boolean {
    return !this.#layout.isFinal(read) && this.#clocks.isInPast(read, write);
  }
}
