import type { CausalHistory } from '../history.ts';
import { type Decoded, decode, initial, type Operation, untold } from './decoded.ts';
import { Relation } from './relation.ts';

/**
 * Causal consistency by its definition (Biswas and Enea, 2019), for small histories: happens-before is the
 * transitive closure of session order and reads-from, and a commit order exists that contains it and in which
 * what a read saw is the last write of the key in its past. Shares nothing with the checker but the history.
 */

/** Whether some choice of what the gets that found nothing saw makes the history causally consistent. */
export function isCausal(history: CausalHistory): boolean {
  const { operations, source, isWellFormed } = decode(history);
  const tryFrom = (first: number, chosen: readonly number[]): boolean => {
    // What is wrong with some reads untold stays so.
    if (!isConsistent({ operations, source: chosen })) return false;
    const read = [...chosen.keys()].find(
      (each) => each >= first && isUntold({ operations, source: chosen }, each),
    );
    if (read === undefined) return true;
    const choices = [initial, ...deletesOf(operations, read)];
    return choices.some((choice) => tryFrom(read + 1, chosen.with(read, choice)));
  };
  return isWellFormed && tryFrom(0, source);
}

/** Whether the checker is to accept it, which chooses only where there is no choice: see absent.ts. */
export function isAccepted(history: CausalHistory): boolean {
  const { operations, isWellFormed } = decode(history);
  const source = isWellFormed ? settledSource(history) : undefined;
  return source !== undefined && isConsistent(withStandIns({ operations, source }));
}

/**
 * What the reads of a well-formed history saw, with the deletes that gets which found nothing must have seen.
 * Undefined when one can have seen none, or operations depend on each other.
 */
export function settledSource(history: CausalHistory): readonly number[] | undefined {
  const { operations, source } = decode(history);
  const settled = [...source];
  for (let isNew = true; isNew; ) {
    isNew = false;
    const past = happensBefore({ operations, source: settled });
    if (!past.isIrreflexive()) return undefined;
    for (const read of unsettled({ operations, source: settled }, past)) {
      const possible = deletesOf(operations, read).filter((each) =>
        isPossible(operations, past, each, read),
      );
      if (possible.length === 0) return undefined;
      if (possible.length > 1) continue;
      settled[read] = possible[0] as number;
      isNew = true;
    }
  }
  return settled;
}

export type Told = Pick<Decoded, 'operations' | 'source'>;

function isConsistent({ operations, source }: Told): boolean {
  const past = happensBefore({ operations, source });
  if (!past.isIrreflexive()) return false;
  const order = past.closure();
  for (const [read, saw] of source.entries()) {
    if (saw === untold) continue;
    for (const write of writesBefore(operations, past, read)) {
      if (write === saw) continue;
      if (saw === initial) return false;
      // What stands for some delete may be the very one that was seen.
      if (operations[write]?.type === 'stand-in' && operations[saw]?.type !== 'put') continue;
      order.add(write, saw);
    }
  }
  return order.closure().isIrreflexive();
}

/** For each read that saw one of several deletes, a delete that stands for it. */
function withStandIns({ operations, source }: Told): Told {
  const open = unsettled({ operations, source }, happensBefore({ operations, source }));
  const standIns = open.map(
    (read): Operation => ({ ...(operations[read] as Operation), type: 'stand-in', before: [] }),
  );
  const seen = source.map((saw, read) =>
    open.includes(read) ? operations.length + open.indexOf(read) : saw,
  );
  return { operations: [...operations, ...standIns], source: seen };
}

function isUntold({ operations, source }: Told, read: number): boolean {
  return operations[read]?.type === 'read' && source[read] === untold;
}

/** The reads that saw some delete, it is not known which. */
function unsettled({ operations, source }: Told, past: Relation): readonly number[] {
  return [...source.keys()].filter(
    (read) => isUntold({ operations, source }, read) && writesBefore(operations, past, read).length > 0,
  );
}

function isPossible(
  operations: readonly Operation[],
  past: Relation,
  write: number,
  read: number,
): boolean {
  if (past.has(read, write)) return false;
  const isOverwritten = writesBefore(operations, past, read).some(
    (other) => operations[other]?.isAcknowledged && past.has(write, other),
  );
  return !operations[write]?.isAcknowledged || !isOverwritten;
}

/** The writes of a read's key that happened before it. */
function writesBefore(operations: readonly Operation[], past: Relation, read: number): readonly number[] {
  return [...operations.keys()].filter((write) => {
    const isOfKey = operations[write]?.type !== 'read' && operations[write]?.key === operations[read]?.key;
    return isOfKey && past.has(write, read);
  });
}

function deletesOf(operations: readonly Operation[], read: number): readonly number[] {
  return [...operations.keys()].filter(
    (other) => operations[other]?.type === 'delete' && operations[other].key === operations[read]?.key,
  );
}

export function happensBefore({ operations, source }: Told): Relation {
  const relation = new Relation(operations.length);
  for (const [operation, { before }] of operations.entries()) {
    for (const earlier of before) relation.add(earlier, operation);
    const saw = source[operation];
    if (saw !== undefined && saw >= 0) relation.add(saw, operation);
  }
  return relation.closure();
}
