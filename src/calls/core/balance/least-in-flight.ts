import { must, type Prng } from '../../../std/index.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Balancer } from './balancer.ts';

/**
 * The one with the fewest calls under way, for its appetite; equals by lot, so that light ones get their part
 * when all are idle. It looks at all of them, and all callers find the same one free: for few callers, or
 * calls that last long.
 */
export class LeastInFlight implements Balancer {
  readonly #prng: Prng;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  know(): void {}

  pick(candidates: readonly Endpoint[], nowMs: number): Endpoint {
    let least = must(candidates[0], 'candidate');
    let leastLoad = Number.POSITIVE_INFINITY;
    let equals = 0;
    for (const candidate of candidates) {
      const appetite = candidate.appetiteAfterFailures(nowMs);
      const load = (candidate.inFlight + candidate.streams) / appetite;
      if (load > leastLoad) continue;
      // By lot in proportion to appetite, without a list of them: weighted reservoir sampling (Chao 1982).
      equals = load < leastLoad ? appetite : equals + appetite;
      if (load < leastLoad || this.#prng.fraction() * equals < appetite) least = candidate;
      leastLoad = load;
    }
    return least;
  }
}
