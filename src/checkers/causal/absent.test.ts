import { expect, it } from 'vitest';
import { Prng } from '../../std/index.ts';
import { AbsentReads } from './absent.ts';
import { Clocks } from './clocks.ts';
import type { CausalHistory } from './history.ts';
import { none } from './ints.ts';
import { Layout } from './layout.ts';
import { readsFrom } from './reads-from.ts';
import { untold } from './testing/decoded.ts';
import { ModelStore } from './testing/model-store.ts';
import { historyOf, type Recorded } from './testing/recorded.ts';
import { settledSource } from './testing/reference.ts';
import { acknowledgedWrites } from './writes.ts';

const seeds = 1_500;

it('settles on the deletes that the definition leaves, and on no others', () => {
  const counts = { changed: 0, wrong: 0 };
  for (let seed = 0; seed < seeds; seed++) {
    const history = deletingHistory(seed);
    const layout = new Layout(history);
    const { source } = readsFrom(layout);
    const before = [...source];
    const settled = new AbsentReads(
      layout,
      source,
      new Clocks(layout),
      acknowledgedWrites(layout),
    ).settle();
    const expected = settledSource(history);
    expect(settled.type === 'settled', `deletingHistory(${seed})`).toBe(expected !== undefined);
    const saw = [...source].map((write) => (write === none ? untold : write));
    if (expected === undefined) counts.wrong++;
    else expect(saw, `deletingHistory(${seed})`).toEqual(expected);
    if (source.some((write, read) => write !== before[read])) counts.changed++;
  }
  expect(Math.min(counts.changed, counts.wrong)).toBeGreaterThan(seeds / 10);
});

/** Of a store that does not tell which delete a get saw; some gets find nothing though there was a value. */
function deletingHistory(seed: number): CausalHistory {
  const prng = new Prng(seed);
  const store = new ModelStore({
    seed: prng.u32(),
    sessions: 2 + prng.below(4),
    replicas: 1 + prng.below(3),
    keys: 1 + prng.below(2),
    putShare: 0.2 + 0.2 * prng.fraction(),
    deleteShare: 0.1 + 0.2 * prng.fraction(),
    unknownShare: prng.chance(0.5) ? 0 : 0.3,
    operationsPerDelivery: 0.3 + 2 * prng.fraction(),
    tellsDeletes: false,
  });
  const operations = Array.from({ length: 8 + prng.below(40) }, (): Recorded => {
    const { session, operation } = store.next();
    const isMissed = operation.type === 'get' && prng.chance(0.3);
    return { session, operation: isMissed ? { type: 'absent', key: operation.key } : operation };
  });
  // Session by session, so that the checker and the definition number them alike.
  const sorted = operations.toSorted((one, other) => one.session.localeCompare(other.session));
  return historyOf([...sorted, ...store.end()]);
}
