import { Prng } from '../../std/index.ts';

/** The variable of the environment that names the only seed to be tried. */
const variable = 'CAUSAL_STORE_SEED';

/** Tries a check with many seeds. The error of the first that fails says how to try that one alone. */
export function forSeeds(count: number, check: (prng: Prng) => void): void {
  const chosen = process.env[variable];
  const first = chosen === undefined ? 1 : Number(chosen);
  for (let seed = first; seed < first + (chosen === undefined ? count : 1); seed++) {
    try {
      check(new Prng(seed));
    } catch (error) {
      throw new Error(`Fails with seed ${seed}. Replay: ${variable}=${seed} npm test -- src/causal-store`, {
        cause: error,
      });
    }
  }
}

export function pick<T>(prng: Prng, items: readonly T[]): T {
  return items[prng.below(items.length)] as T;
}

export function shuffled<T>(prng: Prng, items: readonly T[]): T[] {
  const left = [...items];
  const result: T[] = [];
  while (left.length > 0) result.push(...left.splice(prng.below(left.length), 1));
  return result;
}
