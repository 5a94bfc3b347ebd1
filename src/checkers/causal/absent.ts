import type { Clocks } from './clocks.ts';
import { at, Ints, none } from './ints.ts';
import type { Layout } from './layout.ts';
import { limits } from './limits.ts';
import { code, isUnknown } from './operation.ts';
import type { Visible } from './visible.ts';
import { walk } from './walk.ts';
import { Deletes, unknownWrites } from './writes.ts';

export type Settled =
  /** `unsettled` are reads that saw some delete, each one of several. */
  | { readonly type: 'settled'; readonly unsettled: Int32Array }
  | { readonly type: 'inexplicable'; readonly reads: readonly Inexplicable[] }
  /** Operations depend on each other. */
  | { readonly type: 'cyclic' };

/** A read that can have seen no delete, nor the initial state, but only one of these values. */
export interface Inexplicable {
  readonly read: number;
  readonly values: readonly number[];
}

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
 * A read that had two possibilities outside of its past keeps them until one turns out to come after it, or
 * comes into its past: looked at first, they spare most of the work of all rounds but the first.
 *
 * What is called wrong is wrong: nothing is concluded from one of several possibilities. The converse does
 * not hold: to try all combinations of the unsettled reads would take exponential time.
 */
export class AbsentReads {
  readonly #setting: Setting;

  constructor(layout: Layout, source: Int32Array, clocks: Clocks, acknowledged: Visible) {
    const nothing = (): Int32Array => new Int32Array(layout.count).fill(none);
    const deletes = new Deletes(layout);
    this.#setting = { layout, source, clocks, acknowledged, deletes, possible: [nothing(), nothing()] };
  }

  /** Sweeps the clocks, and enters in `source` what is settled. */
  settle(): Settled {
    const { source, clocks } = this.#setting;
    if (!clocks.sweep(source)) return { type: 'cyclic' };
    let open = this.#open();
    for (let roundsLeft = limits.absentRoundsMax; ; roundsLeft--) {
      const round = new Round(this.#setting);
      round.run(open, roundsLeft > 1);
      if (round.inexplicable.length > 0) return { type: 'inexplicable', reads: round.inexplicable };
      if (!round.isNew) return { type: 'settled', unsettled: round.unsettled() };
      if (!clocks.sweep(source)) return { type: 'cyclic' };
      open = open.filter((read) => at(source, read) === none);
    }
  }

  /** The gets that found nothing, without being told why. */
  #open(): Int32Array {
    const { layout, source } = this.#setting;
    return layout.filter((read) => at(layout.code, read) === code.absent && at(source, read) === none);
  }
}

/** What all rounds look at. */
interface Setting {
  readonly layout: Layout;
  readonly source: Int32Array;
  readonly clocks: Clocks;
  readonly acknowledged: Visible;
  readonly deletes: Deletes;
  /** For each read two deletes that it could have seen when it was last looked at, or `none`. */
  readonly possible: readonly [Int32Array, Int32Array];
}

/** Looks once at every read that found nothing. */
class Round {
  readonly #setting: Setting;
  readonly #layout: Layout;
  readonly #clocks: Clocks;
  readonly #unknown: Visible;
  /** Whether a delete was settled on that no clock knew of. */
  isNew = false;
  /** As many as are looked at to show what is wrong. */
  readonly inexplicable: Inexplicable[] = [];
  readonly #unsettled = new Ints();

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#layout = setting.layout;
    this.#clocks = setting.clocks;
    this.#unknown = unknownWrites(setting.layout, setting.source);
  }

  /** @param mayBeNew Whether to settle on what clocks do not know of: they are to be swept again then. */
  run(reads: Int32Array, mayBeNew: boolean): void {
    const { acknowledged, deletes } = this.#setting;
    const others = reads.filter((read) => !this.#isAsBefore(read));
    for (const read of reads) if (this.#isAsBefore(read)) this.#unsettled.push(read);
    walk(this.#layout, others, (key, group) => {
      for (const visible of [acknowledged, this.#unknown, deletes.acknowledged]) visible.enter(key);
      for (const read of group) {
        if (this.inexplicable.length < limits.cyclesMax) this.#look(read, mayBeNew);
      }
    });
  }

  /** Reads that saw one of several deletes, ascending. */
  unsettled(): Int32Array {
    return this.#unsettled.view().sort();
  }

  #look(read: number, mayBeNew: boolean): void {
    const { source, possible } = this.#setting;
    const acknowledged = this.#last(this.#setting.acknowledged, read);
    const unknown = this.#last(this.#unknown, read);
    if (acknowledged.length + unknown.length === 0) return;
    const [only, another] = this.#possible(read, acknowledged);
    if (only === undefined) {
      const values = acknowledged.filter((write) => !this.#isOverwritten(write, acknowledged));
      this.inexplicable.push({ read, values: [...values, ...unknown] });
      return;
    }
    // What is in the past already changes no clock.
    const isNew = another === undefined && !this.#clocks.hasPastOf(read, only);
    if (another !== undefined || (isNew && !mayBeNew)) {
      this.#unsettled.push(read);
      possible[0][read] = only;
      possible[1][read] = another ?? none;
    } else {
      source[read] = only;
      this.isNew ||= isNew;
    }
  }

  /** Of each session the last write of the key that is in the read's past. */
  #last(visible: Visible, read: number): readonly number[] {
    const found: number[] = [];
    const key = at(this.#layout.key, read);
    for (let run = at(visible.first, key); run < at(visible.first, key + 1); run++) {
      const write = visible.reach(run, this.#clocks.entry(read, at(visible.session, run)));
      if (write !== none) found.push(write);
    }
    return found;
  }

  /** Deletes that the read can have seen, two when there are more. */
  #possible(read: number, past: readonly number[]): readonly number[] {
    const found: number[] = [];
    const key = at(this.#layout.key, read);
    const deletes = this.#setting.deletes.acknowledged;
    for (let run = at(deletes.first, key); run < at(deletes.first, key + 1); run++) {
      deletes.reach(run, this.#clocks.entry(read, at(deletes.session, run)));
      for (let count = 1; found.length < 2; count++) {
        const write = deletes.after(run, count);
        // Those after it in its session come after the read as well.
        if (write === none || this.#isAfter(write, read)) break;
        found.push(write);
      }
    }
    for (const write of this.#setting.deletes.unknown.get(key) ?? []) {
      if (found.length < 2 && !this.#isAfter(write, read)) found.push(write);
    }
    for (const write of past) {
      const isDelete = at(this.#layout.code, write) === code.delete;
      if (found.length < 2 && isDelete && !this.#isOverwritten(write, past)) found.push(write);
    }
    return found;
  }

  /** Whether a read is known to have several possibilities still. */
  #isAsBefore(read: number): boolean {
    const [one, another] = this.#setting.possible;
    return this.#isOutside(at(one, read), read) && this.#isOutside(at(another, read), read);
  }

  /** Whether a delete is neither in the past of a read nor after it: possible, whatever else there is. */
  #isOutside(write: number, read: number): boolean {
    if (write === none || this.#isAfter(write, read)) return false;
    return isUnknown(at(this.#layout.code, write)) || !this.#clocks.isInPast(write, read);
  }

  #isOverwritten(write: number, past: readonly number[]): boolean {
    return past.some((other) => other !== write && this.#clocks.isInPast(write, other));
  }

  #isAfter(write: number, read: number): boolean {
    return !this.#layout.isFinal(read) && this.#clocks.isInPast(read, write);
  }
}
