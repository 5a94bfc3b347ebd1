import { must, Prng } from '../../../std/index.ts';
import type { CausalHistory, CausalOperation } from '../history.ts';
import { ModelStore } from './model-store.ts';
import { historyOf, type Recorded } from './recorded.ts';

/** A history of a store in miniature, short unless said, most often with something in it changed. */
export function randomHistory(seed: number, operationsMax = 14): CausalHistory {
  const prng = new Prng(seed);
  const keys = 1 + prng.below(3);
  const replicas = 1 + prng.below(3);
  const store = new ModelStore({
    seed: prng.u32(),
    sessions: 1 + prng.below(4),
    replicas,
    keys,
    putShare: 0.2 + 0.3 * prng.fraction(),
    deleteShare: 0.3 * prng.fraction(),
    unknownShare: prng.chance(0.5) ? 0 : 0.3,
    operationsPerDelivery: 1 + prng.below(4),
    tellsDeletes: prng.chance(0.3),
  });
  const operations = Array.from({ length: 3 + prng.below(operationsMax - 2) }, () => store.next());
  for (let changes = prng.below(6); changes > 0; changes--) changeSome(prng, operations);
  if (keys * replicas <= 4 && prng.chance(0.5)) operations.push(...store.end());
  return historyOf(operations);
}

function changeSome(prng: Prng, operations: Recorded[]): void {
  const index = prng.below(operations.length);
  const other = prng.below(operations.length);
  const [one, another] = [at(operations, index), at(operations, other)];
  switch (prng.below(5)) {
    case 0:
      if (operations.length > 1) operations.splice(index, 1);
      break;
    case 1:
      // Within one session its order, and otherwise who did what.
      operations[index] = { session: one.session, operation: another.operation };
      operations[other] = { session: another.session, operation: one.operation };
      break;
    default: {
      const { type, key } = one.operation;
      if (type !== 'get' && type !== 'absent') break;
      const puts = operations.flatMap(({ operation }) => (operation.type === 'put' ? [operation] : []));
      const seen = puts.filter((put) => put.key === key || prng.chance(0.02))[prng.below(puts.length + 1)];
      const found: CausalOperation = seen
        ? { type: 'get', key, value: seen.value }
        : { type: 'absent', key };
      operations[index] = { session: one.session, operation: found };
    }
  }
}

function at(operations: readonly Recorded[], index: number): Recorded {
  return must(operations[index], 'an operation');
}
