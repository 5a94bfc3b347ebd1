import { must, type Prng } from '../../../std/index.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Balancer } from './balancer.ts';

/** Draws before an instance with little appetite is taken all the same. */
const drawsMax = 16;

/**
 * Power of two choices (Mitzenmacher 2001): of two at random the one with the lower score, which is peak EWMA
 * latency x (in flight + 1). Near the best choice at constant cost, without the herd that always taking the
 * very best makes. Draws are in proportion to appetite, by rejection.
 */
export class PowerOfTwoChoices implements Balancer {
  readonly #prng: Prng;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  know(): void {}

  pick(candidates: readonly Endpoint[], nowMs: number): Endpoint {
    const count = candidates.length;
    if (count === 1) return must(candidates[0], 'candidate');
    const first = this.#draw(candidates, nowMs, -1);
    const second = this.#draw(candidates, nowMs, first);
    const one = must(candidates[first], 'candidate');
    const two = must(candidates[second], 'candidate');
    // The first draw is in proportion already. Where there are few to draw from the second is not: it has to
    // be better by as much as its appetite is smaller.
    const handicap = Math.min(1, two.appetite(nowMs) / one.appetite(nowMs));
    return two.score(nowMs) < one.score(nowMs) * handicap ? two : one;
  }

  /** The index of a candidate other than `besides`. */
  #draw(candidates: readonly Endpoint[], nowMs: number, besides: number): number {
    const count = candidates.length;
    for (let draw = 1; ; draw++) {
      const index =
        besides < 0 ? this.#prng.below(count) : (besides + 1 + this.#prng.below(count - 1)) % count;
      const appetite = must(candidates[index], 'candidate').appetite(nowMs);
      if (appetite === 1 || draw === drawsMax || this.#prng.fraction() < appetite) return index;
    }
  }
}
