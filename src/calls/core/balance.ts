import { must, type Prng } from '../../std/index.ts';
import type { InstanceLoad } from './load.ts';

export type Balance = 'p2c' | 'round-robin';

/** Chooses one of at least one candidate. */
export interface Balancer {
  pick(candidates: readonly InstanceLoad[], nowMs: number): InstanceLoad;
}

/**
 * Power of two choices (Mitzenmacher 2001): of two at random the one with the lower score. Near the best
 * choice at constant cost, without the herd that always taking the very best makes.
 */
class PowerOfTwoChoices implements Balancer {
  readonly #prng: Prng;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  pick(candidates: readonly InstanceLoad[], nowMs: number): InstanceLoad {
    const count = candidates.length;
    if (count === 1) return must(candidates[0], 'candidate');
    const first = this.#prng.below(count);
    const other = (first + 1 + this.#prng.below(count - 1)) % count;
    const one = must(candidates[first], 'candidate');
    const two = must(candidates[other], 'candidate');
    return two.score(nowMs) < one.score(nowMs) ? two : one;
  }
}

class RoundRobin implements Balancer {
  #next: number;

  /** Starts anywhere, so that many callers do not all begin with the same instance. */
  constructor(prng: Prng) {
    this.#next = prng.u32();
  }

  pick(candidates: readonly InstanceLoad[]): InstanceLoad {
    this.#next = (this.#next + 1) % Number.MAX_SAFE_INTEGER;
    return must(candidates[this.#next % candidates.length], 'candidate');
  }
}

export function createBalancer(balance: Balance, prng: Prng): Balancer {
  return balance === 'round-robin' ? new RoundRobin(prng) : new PowerOfTwoChoices(prng);
}
