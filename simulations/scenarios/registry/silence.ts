import type { SimulatedHost, Simulation } from 'holdfast/simulator';

/** How long a registry may have heard nothing of an instance before dropping it needs no other reason. */
const quietMs = 5_400;

/** News travels: what was dropped for a reason this long ago may reach a watcher only now. */
const reasonLastsMs = 60_000;

/** A registry that was paused for longer adds the time to every lease. */
const pauseMsMin = 1_250;

/** What one registry has heard of the instances, as the truth has it. Only time in which it ran counts. */
export class Silence {
  readonly #simulation: Simulation;
  readonly #host: SimulatedHost;
  #startedMs = 0;
  #pausedMs = 0;
  #pausedSinceMs: number | undefined;
  /**
   * By incarnation: when it was last heard, in time that this registry ran, and its last sequence number.
   */
  #heard = new Map<string, { readonly atMs: number; readonly sequence: number }>();
  /** By incarnation: when there last was a reason to drop it. */
  readonly #reasons = new Map<string, number>();

  constructor(simulation: Simulation, host: SimulatedHost) {
    this.#simulation = simulation;
    this.#host = host;
  }

  /** It starts, or starts again, knowing nobody. */
  started(): void {
    for (const incarnation of this.#heard.keys()) this.#note(incarnation);
    this.#startedMs = this.#simulation.nowMs;
    this.#pausedMs = 0;
    this.#pausedSinceMs = undefined;
    this.#heard = new Map();
  }

  /** To be called after every event. */
  look(): void {
    const { paused } = this.#host;
    if (paused === (this.#pausedSinceMs !== undefined)) return;
    if (this.#pausedSinceMs === undefined) {
      this.#pausedSinceMs = this.#simulation.nowMs;
      return;
    }
    const lengthMs = this.#simulation.nowMs - this.#pausedSinceMs;
    if (lengthMs > pauseMsMin) this.#pausedMs += lengthMs;
    this.#pausedSinceMs = undefined;
  }

  /** It took a put. One that was overtaken renews nothing. */
  heard(incarnation: string, sequence: number): void {
    const before = this.#heard.get(incarnation);
    if (before !== undefined && sequence <= before.sequence) return;
    this.#note(incarnation);
    this.#heard.set(incarnation, { atMs: this.#ranMs, sequence });
  }

  /** Whether it may have dropped this one lately for its silence. */
  mayHaveDropped(incarnation: string): boolean {
    this.#note(incarnation);
    const atMs = this.#reasons.get(incarnation);
    return atMs !== undefined && this.#simulation.nowMs - atMs <= reasonLastsMs;
  }

  #note(incarnation: string): void {
    const silentMs = this.#ranMs - (this.#heard.get(incarnation)?.atMs ?? 0);
    if (silentMs >= quietMs) this.#reasons.set(incarnation, this.#simulation.nowMs);
  }

  get #ranMs(): number {
    return (this.#pausedSinceMs ?? this.#simulation.nowMs) - this.#startedMs - this.#pausedMs;
  }
}
