import { must } from '../../../std/index.ts';
import type { CausalOperation } from '../history.ts';
import type { Mark } from '../session.ts';
import { Guarantees } from './guarantees.ts';
import { historyOf, type Recorded } from './recorded.ts';
import { isCausal } from './reference.ts';

/**
 * In what way operations can be wrong, by the definitions: they depend on each other, a read finds nothing or
 * an older value than one in its past, or no order of the writes explains all reads.
 */
export type Way = 'circular' | 'lost' | 'overwritten' | 'conflict';

/**
 * The smallest number of operations that are wrong by themselves in this way, by trying all sets of them: no
 * counter-example can be smaller. For short histories without final states, whose gets tell which delete
 * they saw.
 */
export function smallestWrong(operations: readonly Recorded[], way: Way): number {
  let sets: readonly (readonly number[])[] = [[]];
  for (let size = 1; size <= operations.length; size++) {
    sets = sets.flatMap((set) => {
      const first = (set.at(-1) ?? -1) + 1;
      return Array.from({ length: operations.length - first }, (_, index) => [...set, first + index]);
    });
    const chosen = (set: readonly number[]): readonly Recorded[] =>
      set.map((index) => must(operations[index], 'an operation'));
    if (sets.some((set) => isWrong(chosen(set), way))) return size;
  }
  return Number.POSITIVE_INFINITY;
}

/** Whether some operations are wrong without the others. What is read has to be among them. */
export function isWrong(operations: readonly Recorded[], way: Way): boolean {
  const written = new Set(operations.map(({ operation }) => writtenBy(operation)));
  const isWhole = operations.every(({ operation }) => {
    const mark = seenBy(operation);
    return mark === undefined || written.has(mark);
  });
  return isWhole && isWrongIn(operations, way);
}

function isWrongIn(operations: readonly Recorded[], way: Way): boolean {
  if (way === 'conflict') return !isCausal(historyOf(operations));
  const guarantees = new Guarantees(operations);
  if (way === 'circular') return !guarantees.isAcyclic();
  return [...guarantees.brokenReads()].some(([read]) => {
    const hasSeen = seenBy(must(operations[read], 'a read').operation) !== undefined;
    return hasSeen === (way === 'overwritten');
  });
}

function writtenBy(operation: CausalOperation): Mark | undefined {
  if (operation.type === 'put') return operation.value;
  return operation.type === 'delete' ? operation.id : undefined;
}

function seenBy(operation: CausalOperation): Mark | undefined {
  if (operation.type === 'get') return operation.value;
  return operation.type === 'absent' ? operation.by : undefined;
}
