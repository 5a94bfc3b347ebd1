import { HoldfastError } from '../../std/index.ts';
import { at, none } from './ints.ts';
import type { Layout } from './layout.ts';
import { limits } from './limits.ts';
import { isRead, isUnknown } from './operation.ts';

/**
 * Happens-before as vector clocks (AWDIT, section 4). A clock has an entry for each session: the last
 * operation of that session in the causal past, or `none`. That of an acknowledged write has the write
 * itself; that of an unknown write has not, since what follows in its session does not depend on it; that
 * of a read has what was read, not the read.
 *
 * The clock of every operation is kept: four bytes for each operation and session.
 */
export class Clocks {
  readonly #layout: Layout;
  readonly #width: number;
  /** The clocks of the operations, then those of the sessions as they stand in a sweep. */
  readonly #entries: Int32Array;
  /** The next operation of each session. All before were taken when a sweep ends before the last one. */
  readonly next: Int32Array;

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#width = layout.sessionCount;
    this.next = layout.start.slice(0, layout.sessionCount);
    const size = (layout.count + this.#width) * this.#width;
    if (size > limits.clockEntriesMax) throw tooLarge();
    this.#entries = new Int32Array(size);
  }

  /**
   * Takes every operation after those it depends on. False when it cannot: some operations then depend on
   * each other, and are among those not taken.
   */
  sweep(source: Int32Array): boolean {
    const { start, sessionCount } = this.#layout;
    this.#entries.fill(none, this.#layout.count * this.#width);
    this.next.set(start.subarray(0, sessionCount));
    const waiters = new Waiters(this.#layout.count, sessionCount);
    const ready = Array.from({ length: sessionCount }, (_, session) => session);
    let left = at(start, sessionCount);
    for (let session = ready.pop(); session !== undefined; session = ready.pop()) {
      const end = at(start, session + 1);
      for (let operation = at(this.next, session); operation < end; operation++) {
        const write = at(source, operation);
        if (write !== none && write >= at(this.next, at(this.#layout.session, write))) {
          waiters.add(write, session);
          break;
        }
        this.#take(operation, session, write);
        waiters.release(operation, ready);
        left--;
      }
    }
    if (left > 0) return false;
    this.#end();
    return true;
  }

  /** The last operation of a session in an operation's clock, or `none`. */
  entry(operation: number, session: number): number {
    return at(this.#entries, operation * this.#width + session);
  }

  /** Whether an operation is a write or in its past. Not for unknown writes: see `Writes`. */
  isInPast(operation: number, write: number): boolean {
    return this.entry(write, at(this.#layout.session, operation)) >= operation;
  }

  /** Whether all of a write's past is in the past of a read. */
  hasPastOf(read: number, write: number): boolean {
    for (let session = 0; session < this.#width; session++) {
      if (this.entry(write, session) > this.entry(read, session)) return false;
    }
    return true;
  }

  #take(operation: number, session: number, source: number): void {
    const entries = this.#entries;
    const own = (this.#layout.count + session) * this.#width;
    const place = operation * this.#width;
    if (source !== none) this.#join(own, source);
    const kind = at(this.#layout.code, operation);
    if (isRead(kind) || isUnknown(kind)) entries.copyWithin(place, own, own + this.#width);
    if (!isUnknown(kind)) entries[own + session] = operation;
    if (!isRead(kind) && !isUnknown(kind)) entries.copyWithin(place, own, own + this.#width);
    this.next[session] = operation + 1;
  }

  #join(clock: number, write: number): void {
    const entries = this.#entries;
    const isKnown = !isUnknown(at(this.#layout.code, write));
    if (isKnown && at(entries, clock + at(this.#layout.session, write)) >= write) return;
    const place = write * this.#width;
    for (let session = 0; session < this.#width; session++) {
      const entry = at(entries, place + session);
      if (entry > at(entries, clock + session)) entries[clock + session] = entry;
    }
  }

  /** A final state is read after all that was acknowledged. */
  #end(): void {
    const { start, count, sessionCount } = this.#layout;
    for (let read = at(start, sessionCount); read < count; read++) {
      const place = read * this.#width;
      for (let session = 0; session < sessionCount; session++) {
        const end = at(start, session + 1);
        this.#entries[place + session] = end > at(start, session) ? end - 1 : none;
      }
    }
  }
}

/** The sessions that wait, each for one operation: lists threaded through two arrays. */
class Waiters {
  readonly #first: Int32Array;
  readonly #after: Int32Array;

  constructor(operations: number, sessions: number) {
    this.#first = new Int32Array(operations).fill(none);
    this.#after = new Int32Array(sessions);
  }

  add(operation: number, session: number): void {
    this.#after[session] = at(this.#first, operation);
    this.#first[operation] = session;
  }

  release(operation: number, into: number[]): void {
    for (let session = at(this.#first, operation); session !== none; session = at(this.#after, session)) {
      into.push(session);
    }
  }
}

function tooLarge(): HoldfastError {
  return new HoldfastError(
    'resource_exhausted',
    'So many operations of so many sessions are too much to check at once. Check a shorter history.',
  );
}
