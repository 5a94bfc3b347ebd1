import { limits } from '../limits.ts';

const smallestMs = 0.25;
const growth = 1.15;
const bucketCount = 96;
const logGrowth = Math.log(growth);

/**
 * The latest latencies of a service in buckets that grow by 15 %, so that a quantile is right to 15 %. Two
 * generations: the older is dropped when the younger has run its time.
 */
export class LatencyHistogram {
  #young = new Uint32Array(bucketCount);
  #old = new Uint32Array(bucketCount);
  #count = 0;
  #oldCount = 0;
  #turnsAtMs = Number.NEGATIVE_INFINITY;
  /** Quantiles are asked for at every call and change slowly. */
  readonly #known = new Map<number, { readonly valueMs: number | undefined; readonly untilMs: number }>();

  record(latencyMs: number, nowMs: number): void {
    if (nowMs >= this.#turnsAtMs) this.#turn(nowMs);
    const bucket = Math.ceil(Math.log(latencyMs / smallestMs) / logGrowth);
    const index = bucket > 0 ? Math.min(bucketCount - 1, bucket) : 0;
    this.#young[index] = (this.#young[index] as number) + 1;
    this.#count += 1;
  }

  /** The latency that so large a share of answers stays below, in ms; undefined while too few are known. */
  quantile(share: number, nowMs: number): number | undefined {
    const known = this.#known.get(share);
    if (known !== undefined && nowMs < known.untilMs) return known.valueMs;
    if (nowMs >= this.#turnsAtMs) this.#turn(nowMs);
    const valueMs = this.#quantile(share);
    const forMs = valueMs === undefined ? 0 : limits.quantileKeptMs;
    this.#known.set(share, { valueMs, untilMs: nowMs + forMs });
    return valueMs;
  }

  #quantile(share: number): number | undefined {
    const total = this.#count + this.#oldCount;
    if (total < limits.latencySamplesMin) return undefined;
    let left = Math.ceil(total * share);
    for (let index = 0; index < bucketCount; index++) {
      left -= (this.#young[index] as number) + (this.#old[index] as number);
      if (left <= 0) return smallestMs * growth ** index;
    }
    return smallestMs * growth ** (bucketCount - 1);
  }

  #turn(nowMs: number): void {
    const isLong = nowMs >= this.#turnsAtMs + limits.latencyGenerationMs;
    const emptied = this.#old.fill(0);
    this.#old = isLong ? emptied : this.#young;
    this.#oldCount = isLong ? 0 : this.#count;
    this.#young = isLong ? this.#young.fill(0) : emptied;
    this.#count = 0;
    this.#turnsAtMs = nowMs + limits.latencyGenerationMs;
  }
}
