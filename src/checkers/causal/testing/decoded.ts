import type { CausalHistory } from '../history.ts';
import { at } from '../ints.ts';
import { code } from '../operation.ts';
import type { Columns } from '../recorder.ts';

export interface Operation {
  /** A stand-in is a delete that some read saw, it is not known which one. */
  readonly type: 'put' | 'delete' | 'read' | 'stand-in';
  readonly isAcknowledged: boolean;
  readonly key: number;
  /** Those before in the same session, unknown writes left out; all there are before a final state. */
  readonly before: readonly number[];
}

/** What a read saw when it was no write. */
export const initial = -1;
export const untold = -2;

export interface Decoded {
  readonly operations: readonly Operation[];
  /** For each read the write it saw, or one of the above. */
  readonly source: readonly number[];
  /** Every value read was written, to that key; final states are equal. */
  readonly isWellFormed: boolean;
}

/** A history as the reference reads it. */
export function decode(history: CausalHistory): Decoded {
  const columns = history.columns();
  const operations = [...columns.code.keys()].map((index) => operationOf(columns, index));
  const source = operations.map(({ type }, index) => {
    const mark = at(columns.mark, index);
    return type !== 'read' || mark < 0 ? untold : at(columns.writer, mark);
  });
  const isWellFormed = operations.every((operation, index) => {
    if (operation.type !== 'read' || source[index] === untold) return true;
    const write = operations[source[index] as number];
    const wanted = at(columns.code, index) === code.get ? 'put' : 'delete';
    return write?.type === wanted && write.key === operation.key;
  });
  return { operations, source, isWellFormed: isWellFormed && hasEqualFinals(columns) };
}

function operationOf(columns: Columns, index: number): Operation {
  const kind = at(columns.code, index);
  const session = at(columns.session, index);
  const isRead = kind === code.get || kind === code.absent;
  const before = [...columns.code.keys()].filter((other) => {
    const isInReach =
      session < 0 ? at(columns.session, other) >= 0 : at(columns.session, other) === session;
    return isInReach && (session < 0 || other < index) && isAcknowledged(columns, other);
  });
  return {
    type: isRead ? 'read' : kind === code.put || kind === code.unknownPut ? 'put' : 'delete',
    isAcknowledged: isAcknowledged(columns, index),
    key: at(columns.key, index),
    before,
  };
}

function isAcknowledged(columns: Columns, index: number): boolean {
  return at(columns.code, index) !== code.unknownPut && at(columns.code, index) !== code.unknownDelete;
}

function hasEqualFinals({ session, key, code: kinds, mark }: Columns): boolean {
  const held = new Map<number, number>();
  return [...session.keys()].every((index) => {
    if (at(session, index) >= 0) return true;
    const value = at(kinds, index) === code.get ? at(mark, index) : initial;
    const other = held.get(at(key, index)) ?? value;
    held.set(at(key, index), other);
    return other === value;
  });
}
