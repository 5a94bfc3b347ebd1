import { describe, expect, it } from 'vitest';
import { must, Prng } from '../../std/index.ts';
import { checkCausal } from './check.ts';
import { ModelStore } from './testing/model-store.ts';
import { historyOf, type Recorded } from './testing/recorded.ts';
import { isWrong, smallestWrong, type Way } from './testing/smallest.ts';

const seeds = 1_500;

describe('a counter-example', () => {
  it('is wrong by itself, and nothing smaller is', () => {
    let wrong = 0;
    for (let seed = 0; seed < seeds; seed++) {
      const operations = changedHistory(seed);
      const verdict = checkCausal(historyOf(operations));
      if (verdict.ok) continue;
      wrong++;
      const { lines } = verdict.violation;
      const [named, way] = [namedIn(lines, operations), wayOf(lines)];
      const text = `changedHistory(${seed}): ${lines.join('\n')}`;
      expect(isWrong(named, way), text).toBe(true);
      expect(named.length, text).toBe(smallestWrong(operations, way));
    }
    expect(wrong).toBeGreaterThan(seeds / 10);
  }, 60_000);
});

function wayOf(lines: readonly string[]): Way {
  const last = must(lines.at(-1), 'a conclusion');
  if (last.includes('Each depends on')) return 'circular';
  if (last.includes('found nothing')) return 'lost';
  return last.includes('come before itself') ? 'conflict' : 'overwritten';
}

/** The operations a counter-example names, as `s1[3]`, in the order of the history. */
function namedIn(lines: readonly string[], operations: readonly Recorded[]): readonly Recorded[] {
  const names = new Set(lines.join('\n').match(/s\d+\[\d+\]/g));
  const counts = new Map<string, number>();
  return operations.filter(({ session }) => {
    const index = counts.get(session) ?? 0;
    counts.set(session, index + 1);
    return names.has(`${session}[${index}]`);
  });
}

/**
 * A short history of one or two keys, in which a few reads return some other value. All gets that find
 * nothing tell why: those that saw the initial state of a key that is deleted elsewhere are left out.
 */
function changedHistory(seed: number): readonly Recorded[] {
  const prng = new Prng(seed);
  const store = new ModelStore({
    seed: prng.u32(),
    sessions: 2 + prng.below(3),
    replicas: 1 + prng.below(3),
    keys: 1 + prng.below(2),
    putShare: 0.4,
    deleteShare: prng.chance(0.5) ? 0 : 0.2,
    unknownShare: prng.chance(0.5) ? 0 : 0.2,
    operationsPerDelivery: 1,
    tellsDeletes: true,
  });
  const operations = Array.from({ length: 8 + prng.below(4) }, () => store.next());
  const puts = operations.flatMap(({ operation }) => (operation.type === 'put' ? [operation] : []));
  for (let changes = 1 + prng.below(3); changes > 0; changes--) {
    const index = prng.below(operations.length);
    const { session, operation } = must(operations[index], 'an operation');
    const fitting = puts.filter(({ key }) => key === operation.key);
    const put = fitting[prng.below(fitting.length)];
    const isRead = operation.type === 'get' || operation.type === 'absent';
    if (!isRead || put === undefined) continue;
    operations[index] = { session, operation: { type: 'get', key: put.key, value: put.value } };
  }
  const deleted = new Set(
    operations.flatMap(({ operation }) => (operation.type === 'delete' ? [operation.key] : [])),
  );
  return operations.filter(
    ({ operation }) =>
      operation.type !== 'absent' || operation.by !== undefined || !deleted.has(operation.key),
  );
}
