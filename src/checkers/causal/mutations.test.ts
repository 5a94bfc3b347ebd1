import { expect, it } from 'vitest';
import { must, Prng } from '../../std/index.ts';
import { checkCausal } from './check.ts';
import { ModelStore } from './testing/model-store.ts';
import { type Mutation, mutations } from './testing/mutations.ts';
import { historyOf, type Recorded } from './testing/recorded.ts';
import { isCausal } from './testing/reference.ts';

const seedsMax = 1_000;
const wanted = 6;
const triesMax = 30;

it.each(mutations)('finds $name', (mutation) => {
  let found = 0;
  for (let seed = 0; seed < seedsMax && found < wanted; seed++) {
    const right = rightHistory(seed);
    const wrong = wronged(mutation, right, new Prng(seed));
    if (wrong === undefined) continue;
    found++;
    const verdict = checkCausal(historyOf(wrong));
    const kind = verdict.ok ? 'consistent' : verdict.violation.kind;
    expect(kind, `rightHistory(${seed}) changed`).toBe(mutation.kind);
  }
  expect(found).toBe(wanted);
});

it('accepts what was not changed', () => {
  for (let seed = 0; seed < 200; seed++) {
    const history = historyOf(rightHistory(seed));
    expect(isCausal(history), `rightHistory(${seed}) by definition`).toBe(true);
    expect(checkCausal(history), `rightHistory(${seed})`).toEqual({ ok: true });
  }
});

/** Changed in one of a few ways tried, so that it is wrong by the definition, and in nothing else. */
function wronged(
  { changed, isFit }: Mutation,
  right: readonly Recorded[],
  prng: Prng,
): readonly Recorded[] | undefined {
  const left = [...changed(right)];
  for (let tries = 0; tries < triesMax && left.length > 0; tries++) {
    const other = must(left.splice(prng.below(left.length), 1)[0], 'a changed history');
    if ((isFit?.(other) ?? true) && !isCausal(historyOf(other))) return other;
  }
  return undefined;
}

/** What clients of a causally consistent store saw, and what its replicas hold in the end. */
function rightHistory(seed: number): readonly Recorded[] {
  const prng = new Prng(seed);
  const store = new ModelStore({
    seed: prng.u32(),
    sessions: 2 + prng.below(7),
    replicas: 1 + prng.below(3),
    keys: 1 + prng.below(8),
    putShare: 0.3 + 0.2 * prng.fraction(),
    deleteShare: prng.chance(0.5) ? 0 : 0.15,
    unknownShare: prng.chance(0.5) ? 0 : 0.2,
    operationsPerDelivery: 0.3 + 3 * prng.fraction(),
    tellsDeletes: true,
  });
  const operations = Array.from({ length: 16 + prng.below(64) }, () => store.next());
  return [...operations, ...store.end()];
}
