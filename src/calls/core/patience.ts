import { limits } from '../limits.ts';
import { LatencyHistogram } from './latency-histogram.ts';

/** How long answers of a service take, and with that how long one of them is worth waiting for. */
export class Patience {
  readonly #latencies = new LatencyHistogram();

  answered(latencyMs: number, nowMs: number): void {
    this.#latencies.record(latencyMs, nowMs);
  }

  /**
   * How long an attempt may take before its instance is taken for sick: a multiple of the service's p99, and
   * while that is not known, or is long, a share of what remains of the call.
   */
  attemptMs(remainingMs: number, nowMs: number): number {
    const shareMs = remainingMs * limits.attemptShareMax;
    const p99Ms = this.#latencies.quantile(0.99, nowMs);
    if (p99Ms === undefined) return shareMs;
    return Math.min(shareMs, Math.max(limits.attemptTimeoutMinMs, p99Ms * limits.attemptTimeoutFactor));
  }

  /** After how long a hedged call asks a second instance: when nearly all would have answered. */
  hedgeAfterMs(remainingMs: number, nowMs: number): number {
    const p95Ms = this.#latencies.quantile(0.95, nowMs);
    if (p95Ms === undefined) return remainingMs * limits.hedgeShare;
    return Math.max(limits.hedgeAfterMinMs, p95Ms);
  }

  /** Whether half of the answers would have been there: after less, silence says nothing of an instance. */
  isLong(waitedMs: number, nowMs: number): boolean {
    const usualMs = this.#latencies.quantile(0.5, nowMs);
    return usualMs === undefined || waitedMs >= usualMs;
  }

  p99Ms(nowMs: number): number | undefined {
    return this.#latencies.quantile(0.99, nowMs);
  }
}
