import { grouping } from './grouping.ts';
import { at, none } from './ints.ts';
import type { Layout } from './layout.ts';

/**
 * Writes by key and by the session in which they can be seen: a run of them for each such pair, in session
 * order. Of a run only the last write within a clock's reach matters, since those before it come earlier in
 * every order there can be. A cursor in each run finds it, and only moves forward while clocks grow.
 */
export class Visible {
  /** The runs of a key: from `first[key]` to before `first[key + 1]`. */
  readonly first: Int32Array;
  /** The session of each run. */
  readonly session: Int32Array;
  /** The places of all runs: a write, and the operation at which it can be seen. */
  readonly writes: Int32Array;
  readonly where: Int32Array;
  /** Where a run begins, and the end of the last one. */
  readonly start: Int32Array;
  /** One past the last write found in each run. */
  readonly #cursor: Int32Array;

  /**
   * @param where The operations at which the writes can be seen, ascending: the writes themselves, or reads
   *   of them. They give the key and the session.
   */
  constructor(layout: Layout, where: Int32Array, writes: Int32Array) {
    const { order } = grouping(
      where.map((operation) => at(layout.key, operation)),
      layout.keyCount,
    );
    this.where = order.map((index) => at(where, index));
    this.writes = order.map((index) => at(writes, index));
    this.first = new Int32Array(layout.keyCount + 1);
    const start: number[] = [];
    let key = none;
    let session = none;
    for (const [place, operation] of this.where.entries()) {
      const isSameKey = key === at(layout.key, operation);
      if (isSameKey && session === at(layout.session, operation)) continue;
      while (key < at(layout.key, operation)) this.first[++key] = start.length;
      session = at(layout.session, operation);
      start.push(place);
    }
    while (key < layout.keyCount) this.first[++key] = start.length;
    this.session = Int32Array.from(start, (place) => at(layout.session, at(this.where, place)));
    this.start = Int32Array.from([...start, where.length]);
    this.#cursor = new Int32Array(start.length);
  }

  /** Clocks begin anew for this key. */
  enter(key: number): void {
    for (let run = at(this.first, key); run < at(this.first, key + 1); run++) {
      this.#cursor[run] = at(this.start, run);
    }
  }

  /** The last write of a run that this entry of a clock reaches, or `none`. */
  reach(run: number, entry: number): number {
    const end = at(this.start, run + 1);
    let cursor = at(this.#cursor, run);
    while (cursor < end && at(this.where, cursor) <= entry) cursor++;
    this.#cursor[run] = cursor;
    return cursor === at(this.start, run) ? none : at(this.writes, cursor - 1);
  }

  /** The write that many places after the one `reach` found, or `none` behind the end. */
  after(run: number, count: number): number {
    const place = at(this.#cursor, run) + count - 1;
    return place < at(this.start, run + 1) ? at(this.writes, place) : none;
  }
}
