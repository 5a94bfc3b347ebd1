import type { Instance } from '../discovery.ts';
import { limits } from '../limits.ts';
import { Endpoint } from './endpoint.ts';

/**
 * Who is listed, and what is known of each. What is known of an instance outlives a list that lacks it for a
 * while: a list that flickers must neither forget an ejection nor lose count of what is under way.
 */
export class Roster {
  #listed = new Map<string, Endpoint>();
  /** Not listed any more; the one that left first comes first. Bounded. */
  readonly #departed = new Map<string, Endpoint>();
  /** Those that take new calls: ready with weight; when there is none, the draining ones. */
  #eligible: readonly Endpoint[] = [];

  get endpoints(): ReadonlyMap<string, Endpoint> {
    return this.#listed;
  }

  get eligible(): readonly Endpoint[] {
    return this.#eligible;
  }

  know(instances: readonly Instance[], nowMs: number): void {
    const before = this.#listed;
    const wereReady = new Set(this.#eligible.filter(({ instance }) => instance.state === 'ready'));
    const latencyMs = averageLatencyMs([...before.values()], nowMs);
    this.#listed = new Map();
    for (const instance of instances) {
      const known = before.get(instance.id) ?? this.#departed.get(instance.id);
      const isSame = known !== undefined && known.instance.incarnation === instance.incarnation;
      const endpoint = isSame ? known : new Endpoint(instance, latencyMs, nowMs);
      endpoint.instance = instance;
      endpoint.isGone = false;
      this.#listed.set(instance.id, endpoint);
      this.#departed.delete(instance.id);
    }
    for (const [id, endpoint] of before)
      if (this.#listed.get(id) !== endpoint) this.#depart(id, endpoint, nowMs);
    this.#choose(wereReady, nowMs);
  }

  forget(): void {
    this.#eligible = [];
  }

  #depart(id: string, endpoint: Endpoint, nowMs: number): void {
    endpoint.isGone = true;
    // Its end will concern nobody, and must not keep the place for ever.
    if (endpoint.breaker.isProbing) endpoint.breaker.freeProbe(nowMs);
    // Replaced by a later incarnation: nobody comes back.
    if (this.#listed.has(id)) return;
    this.#departed.set(id, endpoint);
    if (this.#departed.size <= limits.departedKept) return;
    const [oldest] = this.#departed.keys();
    this.#departed.delete(oldest as string);
  }

  #choose(wereReady: ReadonlySet<Endpoint>, nowMs: number): void {
    const weighty = [...this.#listed.values()].filter(({ instance }) => instance.weight > 0);
    const ready = weighty.filter(({ instance }) => instance.state === 'ready');
    this.#eligible =
      ready.length > 0 ? ready : weighty.filter(({ instance }) => instance.state === 'draining');
    const heaviest = Math.max(...this.#eligible.map(({ instance }) => instance.weight));
    for (const endpoint of this.#eligible) endpoint.share = endpoint.instance.weight / heaviest;
    // With nobody warm beside it a newcomer has to take everything anyway.
    const newcomers = ready.filter((endpoint) => !wereReady.has(endpoint));
    if (newcomers.length < ready.length) for (const endpoint of newcomers) endpoint.warmUp(nowMs);
  }
}

function averageLatencyMs(endpoints: readonly Endpoint[], nowMs: number): number {
  if (endpoints.length === 0) return 0;
  return endpoints.reduce((sum, { latency }) => sum + latency.at(nowMs), 0) / endpoints.length;
}
