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
 * The clock of every operation is kept: four bytes for each operation and session. They only grow from sweep
 * to sweep, since what a read saw is found out and never forgotten, and a sweep leaves alone what stays.
 */
export class Clocks {
  readonly #layout: Layout;
  readonly #width: number;
  readonly #entries: Int32Array;
  /** What each read saw in the last sweep. */
  readonly #source: Int32Array;
  /** Whether an operation's clock grew in this sweep. */
  readonly #hasGrown: Uint8Array;
  #isFirst = true;
  /** The next operation of each session. All before were taken when a sweep ends before the last one. */
  readonly next: Int32Array;

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#width = layout.sessionCount;
    this.next = layout.start.slice(0, layout.sessionCount);
    const size = layout.count * this.#width;
    if (size > limits.clockEntriesMax) throw tooLarge();
    this.#entries = new Int32Array(size);
    this.#source = new Int32Array(layout.count);
    this.#hasGrown = new Uint8Array(layout.count);
  }

  /**
   * Takes every operation after those it depends on. False when it cannot: some operations then depend on
   * each other, and are among those not taken.
   */
  sweep(source: Int32Array): boolean {
    const { start, sessionCount } = this.#layout;
    this.next.set(start.subarray(0, sessionCount));
    this.#hasGrown.fill(0);
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
        if (this.#isDue(operation, session, write)) this.#take(operation, session, write);
        this.next[session] = operation + 1;
        waiters.release(operation, ready);
        left--;
      }
    }
    if (left > 0) return false;
    if (this.#isFirst) this.#end();
    this.#isFirst = false;
    this.#source.set(source);
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

  /** Whether an operation's clock can have grown: with that before it, or with that of what it read. */
  #isDue(operation: number, session: number, source: number): boolean {
    if (this.#isFirst || source !== at(this.#source, operation)) return true;
    const isFollowing = operation > at(this.#layout.start, session) && this.#hasGrown[operation - 1] === 1;
    return isFollowing || (source !== none && this.#hasGrown[source] === 1);
  }

  #take(operation: number, session: number, source: number): void {
    const kind = at(this.#layout.code, operation);
    const isOwn = !isRead(kind) && !isUnknown(kind);
    const isFollowing = operation > at(this.#layout.start, session);
    if (this.#isFirst) this.#begin(operation, isFollowing);
    else if (isFollowing) this.#join(operation, operation - 1);
    this.#entries[operation * this.#width + session] = isOwn
      ? operation
      : at(this.#layout.previous, operation);
    if (source === none || (isFollowing && this.#isKnown(operation - 1, source))) return;
    this.#join(operation, source);
  }

  /** With what the operation before in the session has. */
  #begin(operation: number, isFollowing: boolean): void {
    const [place, width] = [operation * this.#width, this.#width];
    if (isFollowing) this.#entries.copyWithin(place, place - width, place);
    else this.#entries.fill(none, place, place + width);
  }

  /** Whether all of a write's past is in that of an operation because the write is. */
  #isKnown(operation: number, write: number): boolean {
    const isAcknowledged = !isUnknown(at(this.#layout.code, write));
    return isAcknowledged && this.entry(operation, at(this.#layout.session, write)) >= write;
  }

  #join(operation: number, other: number): void {
    const entries = this.#entries;
    const [to, from] = [operation * this.#width, other * this.#width];
    for (let session = 0; session < this.#width; session++) {
      const entry = at(entries, from + session);
      if (entry <= at(entries, to + session)) continue;
      entries[to + session] = entry;
      this.#hasGrown[operation] = 1;
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
