import type { Instance } from '../discovery.ts';
import { limits } from '../limits.ts';

/**
 * What this process knows of one instance from its own calls. Latency is a peak EWMA (Finagle): a slower
 * answer counts at once, faster ones decay it, so that a stall is felt after one sample.
 * Invariant: inFlight is the number of attempts sent to it that have neither ended nor been aborted.
 */
export class InstanceLoad {
  instance: Instance;
  inFlight = 0;
  /** Passed over until then: it refused connections. */
  unreachableUntilMs = Number.NEGATIVE_INFINITY;
  #refusals = 0;
  #latencyMs: number;
  #sampledAtMs: number;
  /** Since its last answer, or since it was sent something after having had nothing. */
  #silentSinceMs = Number.NEGATIVE_INFINITY;

  /** A newcomer starts with what its peers show, so that it is neither flooded nor starved. */
  constructor(instance: Instance, latencyMs: number, nowMs: number) {
    this.instance = instance;
    this.#latencyMs = latencyMs;
    this.#sampledAtMs = nowMs;
  }

  /** It refused a connection, and so will do for a while: nobody listens there. */
  refused(nowMs: number): void {
    const pauseMs = limits.unreachableBaseMs * 2 ** this.#refusals;
    this.unreachableUntilMs = nowMs + Math.min(pauseMs, limits.unreachableMaxMs);
    if (pauseMs < limits.unreachableMaxMs) this.#refusals += 1;
  }

  /** It answered, or at least took the request. */
  reached(nowMs: number): void {
    this.#silentSinceMs = nowMs;
    this.unreachableUntilMs = Number.NEGATIVE_INFINITY;
    this.#refusals = 0;
  }

  sample(measuredMs: number, nowMs: number): void {
    const latencyMs = Math.min(measuredMs, limits.latencyLearntMaxMs);
    const weight = Math.exp(-Math.max(0, nowMs - this.#sampledAtMs) / limits.latencyDecayMs);
    const isPeak = latencyMs > this.latencyMs(nowMs);
    this.#latencyMs = isPeak ? latencyMs : this.#latencyMs * weight + latencyMs * (1 - weight);
    this.#sampledAtMs = nowMs;
  }

  latencyMs(nowMs: number): number {
    const sinceMs = Math.max(0, nowMs - this.#sampledAtMs);
    return this.#latencyMs * Math.exp(-sinceMs / limits.latencyDecayMs);
  }

  sent(nowMs: number): void {
    if (this.inFlight === 0) this.#silentSinceMs = nowMs;
    this.inFlight += 1;
  }

  /**
   * Lower is better: the time a further request would have to expect. An instance that has said nothing for
   * longer than its usual latency while requests are under way counts as that slow: a stall is felt at once,
   * not when the first deadline passes.
   */
  score(nowMs: number): number {
    const silentMs = this.inFlight === 0 ? 0 : nowMs - this.#silentSinceMs;
    return Math.max(this.latencyMs(nowMs), silentMs, limits.latencyToldApartMs) * (this.inFlight + 1);
  }
}
