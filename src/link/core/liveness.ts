import type { LinkLimits } from '../limits.ts';

export type Pulse = 'heartbeat' | 'silent' | 'dead';

/**
 * When a connection has to say something, and what its silence means. Any byte counts as heard: a peer that
 * lives sends at least a heartbeat every `heartbeatMs`. Time in which this process did not run is no
 * silence of the peer (`excuse`): what it sent meanwhile waits to be read.
 *
 * Invariants: `silent` once for each silence; after `dead` nothing.
 */
export class Liveness {
  readonly #limits: LinkLimits;
  #sentMs: number;
  #heardMs: number;
  #silent = false;
  #dead = false;

  constructor(limits: LinkLimits, nowMs: number) {
    this.#limits = limits;
    this.#sentMs = nowMs;
    this.#heardMs = nowMs;
  }

  get silent(): boolean {
    return this.#silent;
  }

  /** When to beat next. */
  get dueMs(): number {
    const { heartbeatMs, silenceMs, deadMs } = this.#limits;
    if (this.#dead) return Number.POSITIVE_INFINITY;
    return Math.min(this.#sentMs + heartbeatMs, this.#heardMs + (this.#silent ? deadMs : silenceMs));
  }

  sent(nowMs: number): void {
    this.#sentMs = nowMs;
  }

  /** Returns how long it was silent, when it had been told so. */
  heard(nowMs: number): number | undefined {
    const silentMs = nowMs - this.#heardMs;
    this.#heardMs = nowMs;
    if (!this.#silent) return undefined;
    this.#silent = false;
    return silentMs;
  }

  /** This process did not run for so long; what has arrived meanwhile gets `graceMs` to be read. */
  excuse(pausedMs: number, nowMs: number): void {
    this.#heardMs = Math.min(nowMs, this.#heardMs + pausedMs + this.#limits.graceMs);
  }

  /** A heartbeat counts as sent, whenever it leaves. */
  beat(nowMs: number): readonly Pulse[] {
    const { heartbeatMs, silenceMs, deadMs } = this.#limits;
    const pulses: Pulse[] = [];
    if (this.#dead) return pulses;
    const silentMs = nowMs - this.#heardMs;
    if (silentMs >= silenceMs && !this.#silent) {
      this.#silent = true;
      pulses.push('silent');
    }
    if (silentMs >= deadMs) {
      this.#dead = true;
      pulses.push('dead');
      return pulses;
    }
    // A little early when others beat now: the links of a process come to beat together.
    if (nowMs - this.#sentMs >= heartbeatMs * 0.8) {
      this.#sentMs = nowMs;
      pulses.push('heartbeat');
    }
    return pulses;
  }
}
