import { grouping } from './grouping.ts';
import type { CausalHistory } from './history.ts';
import { at, none } from './ints.ts';
import { isUnknown } from './operation.ts';
import type { Mark } from './session.ts';

/**
 * A history with its operations numbered session by session: within a session, earlier is smaller. Sessions
 * come first, in the order they were named, and final states last.
 */
export class Layout {
  readonly count: number;
  readonly keyCount: number;
  /** Sessions from 0 on; what follows are final states. */
  readonly sessionCount: number;
  /** The first operation of each session and final state, and the end of the last one. */
  readonly start: Int32Array;
  readonly session: Int32Array;
  readonly code: Int32Array;
  readonly key: Int32Array;
  readonly mark: Int32Array;
  /** For each mark the operation that writes it, or `none`. */
  readonly writer: Int32Array;
  /**
   * The operation before in the same session, unknown writes left out: those are in nobody's past until
   * somebody reads them.
   */
  readonly previous: Int32Array;
  readonly #columns: ReturnType<CausalHistory['columns']>;

  constructor(history: CausalHistory) {
    const columns = history.columns();
    this.#columns = columns;
    this.count = columns.code.length;
    this.keyCount = columns.keys.count;
    this.sessionCount = columns.sessionNames.length;
    const sessions = columns.session.map((each) => (each < 0 ? this.sessionCount - 1 - each : each));
    const { order, start } = grouping(sessions, this.sessionCount + columns.finalNames.length);
    this.start = start;
    this.session = order.map((added) => at(sessions, added));
    this.code = order.map((added) => at(columns.code, added));
    this.key = order.map((added) => at(columns.key, added));
    this.mark = order.map((added) => at(columns.mark, added));
    this.writer = new Int32Array(columns.writer.length).fill(none);
    for (const [operation, added] of order.entries()) {
      const mark = at(this.mark, operation);
      if (mark !== none && at(columns.writer, mark) === added) this.writer[mark] = operation;
    }
    this.previous = this.#previous();
  }

  /** The operations for which it holds, ascending. */
  filter(isWanted: (operation: number) => boolean): Int32Array {
    const found = new Int32Array(this.count);
    let length = 0;
    for (let operation = 0; operation < this.count; operation++) {
      if (isWanted(operation)) found[length++] = operation;
    }
    return found.slice(0, length);
  }

  isFinal(operation: number): boolean {
    return at(this.session, operation) >= this.sessionCount;
  }

  sessionName(session: number): string {
    const { sessionNames, finalNames } = this.#columns;
    return (sessionNames[session] ?? finalNames[session - this.sessionCount]) as string;
  }

  keyName(key: number): string {
    return this.#columns.keys.nameOf(key);
  }

  /** The value an operation wrote or read, or the id of the delete; undefined where it has none. */
  markOf(operation: number): Mark | undefined {
    const mark = at(this.mark, operation);
    return mark === none ? undefined : this.#columns.marks.nameOf(mark);
  }

  /** Where an operation stands in its session, from 0 on. */
  indexOf(operation: number): number {
    return operation - at(this.start, at(this.session, operation));
  }

  #previous(): Int32Array {
    const previous = new Int32Array(this.count);
    for (let session = 0; session < this.start.length - 1; session++) {
      let last = none;
      for (let operation = at(this.start, session); operation < at(this.start, session + 1); operation++) {
        previous[operation] = last;
        if (!isUnknown(at(this.code, operation))) last = operation;
      }
    }
    return previous;
  }
}
