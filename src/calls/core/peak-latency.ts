import { limits } from '../limits.ts';

/**
 * Peak EWMA (Finagle): a slower answer counts at once, faster ones decay it, so that a stall is felt after
 * one sample. It also decays with time alone: who is never asked is worth another try by and by.
 */
export class PeakLatency {
  #latencyMs: number;
  #sampledAtMs: number;

  constructor(latencyMs: number, nowMs: number) {
    this.#latencyMs = latencyMs;
    this.#sampledAtMs = nowMs;
  }

  sample(measuredMs: number, nowMs: number): void {
    const latencyMs = Math.min(measuredMs, limits.latencyLearntMaxMs);
    const weight = Math.exp(-Math.max(0, nowMs - this.#sampledAtMs) / limits.latencyDecayMs);
    const isPeak = latencyMs > this.at(nowMs);
    this.#latencyMs = isPeak ? latencyMs : this.#latencyMs * weight + latencyMs * (1 - weight);
    this.#sampledAtMs = nowMs;
  }

  at(nowMs: number): number {
    const sinceMs = Math.max(0, nowMs - this.#sampledAtMs);
    return this.#latencyMs * Math.exp(-sinceMs / limits.latencyDecayMs);
  }
}
