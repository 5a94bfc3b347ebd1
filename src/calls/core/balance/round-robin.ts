import { must } from '../../../std/index.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Balancer } from './balancer.ts';

/**
 * Each in turn. Turns are on a scale of their own: who was chosen waits for 1/appetite, and the one who waits
 * least is next (stride scheduling, Waldspurger and Weihl 1995). With equal appetites that is plain round
 * robin; with others the turns of each are spread out evenly.
 */
export class RoundRobin implements Balancer {
  #known = new Set<Endpoint>();
  #turn = 0;
  readonly #start: number;

  /** `start`, in [0, 1): many callers must not all begin with the same instance. */
  constructor(start: number) {
    this.#start = start;
  }

  /** Newcomers stand where the others are now: they have missed nothing that they should catch up with. */
  know(endpoints: readonly Endpoint[]): void {
    const offset = Math.floor(this.#start * endpoints.length);
    for (const [index, endpoint] of endpoints.entries()) {
      if (this.#known.has(endpoint)) continue;
      // A fraction of a turn apart, which keeps their order for good.
      const place = (index - offset + endpoints.length) % endpoints.length;
      endpoint.turn = this.#turn + place / endpoints.length;
    }
    this.#known = new Set(endpoints);
  }

  pick(candidates: readonly Endpoint[], nowMs: number): Endpoint {
    let next = must(candidates[0], 'candidate');
    for (const candidate of candidates) if (candidate.turn < next.turn) next = candidate;
    // One that was passed over for long does not get all its missed turns at once.
    this.#turn = Math.max(this.#turn, next.turn);
    next.turn = Math.max(next.turn, this.#turn - 1) + 1 / next.appetite(nowMs);
    return next;
  }
}
