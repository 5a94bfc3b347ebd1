import { describe, expect, it } from 'vitest';
import { checkCausal } from './check.ts';
import { randomHistory } from './testing/random-history.ts';
import { isAccepted, isCausal } from './testing/reference.ts';

const seeds = 10_000;
const longerSeeds = 500;

describe('the checker and the definition', () => {
  it('agree on small histories, right and wrong', () => {
    const wrong = { found: 0, missed: 0 };
    for (let seed = 0; seed < seeds; seed++) {
      const history = randomHistory(seed);
      const isOk = checkCausal(history).ok;
      const isRight = isCausal(history);
      if (isOk !== isAccepted(history) || (isRight && !isOk)) {
        expect.fail(`randomHistory(${seed}): the checker says ${isOk}, the definition ${isRight}.`);
      }
      if (!isRight) wrong[isOk ? 'missed' : 'found']++;
    }
    // Enough of both, and of the wrong ones hardly any that could only be told by trying all combinations.
    expect(wrong.found).toBeGreaterThan(seeds / 5);
    expect(wrong.found).toBeLessThan((4 * seeds) / 5);
    expect(wrong.missed).toBeLessThan(wrong.found / 100);
  }, 120_000);

  it('agree on longer ones', () => {
    let wrong = 0;
    for (let seed = 0; seed < longerSeeds; seed++) {
      const history = randomHistory(seed, 70);
      const isOk = checkCausal(history).ok;
      expect(isOk, `randomHistory(${seed}, 70) accepted`).toBe(isAccepted(history));
      if (!isOk) wrong++;
    }
    expect(wrong).toBeGreaterThan(longerSeeds / 5);
    expect(wrong).toBeLessThan((4 * longerSeeds) / 5);
  }, 120_000);
});
