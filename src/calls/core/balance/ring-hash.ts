import { HashRing, must } from '../../../std/index.ts';
import { limits } from '../../limits.ts';
import type { Endpoint } from '../endpoint.ts';
import type { Balancer } from './balancer.ts';

/**
 * Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam 2018): a key's calls go to the first
 * instance clockwise from it that has less than 1.25 times its fair share of the calls under way. Instances
 * that cannot be chosen are skipped on the ring, so their keys come back to them. A call without a key goes
 * the way of `others`.
 */
export class RingHash implements Balancer {
  readonly #ring = new HashRing();
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #others: Balancer;

  constructor(others: Balancer) {
    this.#others = others;
  }

  /** By weight as it is, not by share: who else is there must not move a key. */
  know(endpoints: readonly Endpoint[]): void {
    this.#endpoints.clear();
    for (const endpoint of endpoints) this.#endpoints.set(endpoint.instance.id, endpoint);
    this.#ring.set(new Map(endpoints.map(({ instance: { id, weight } }) => [id, weight])));
  }

  pick(candidates: readonly Endpoint[], nowMs: number, key: string | undefined): Endpoint {
    if (key === undefined) return this.#others.pick(candidates, nowMs, key);
    let underWay = 1;
    let shares = 0;
    for (const { inFlight, streams, share } of candidates) {
      underWay += inFlight + streams;
      shares += share;
    }
    let first: Endpoint | undefined;
    for (const id of this.#ring.from(key)) {
      const endpoint = must(this.#endpoints.get(id), 'instance on the ring');
      if (!candidates.includes(endpoint)) continue;
      first ??= endpoint;
      const fair = (underWay * endpoint.share) / shares;
      const { inFlight, streams } = endpoint;
      if (inFlight + streams + 1 <= Math.ceil(limits.ringLoadFactor * fair)) return endpoint;
    }
    return must(first, 'candidate on the ring');
  }
}
