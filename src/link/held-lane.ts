import type { Clock, Disturbance, Timer } from '../host/index.ts';

interface Held {
  readonly dueMs: number;
  readonly sizeBytes: number;
  readonly action: () => void;
}

/**
 * One direction of a link as injected faults leave it: what happens passes on in its order, after the
 * fault's delay, or, while it drops, not before it is healed. The host does the same for connections by
 * their remote address, which on an accepted one is not the link's.
 */
export class HeldLane {
  readonly #clock: Clock;
  readonly #disturbance: () => Disturbance | undefined;
  #held: Held[] = [];
  #bytes = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, disturbance: () => Disturbance | undefined) {
    this.#clock = clock;
    this.#disturbance = disturbance;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether what happens now would have to wait. */
  get holds(): boolean {
    return this.#held.length > 0 || this.#disturbance() !== undefined;
  }

  pass(sizeBytes: number, action: () => void): void {
    const delayMs = this.#disturbance()?.delayMs ?? 0;
    this.#held.push({ dueMs: this.#clock.nowMs() + delayMs, sizeBytes, action });
    this.#bytes += sizeBytes;
    if (this.#timer === undefined) this.review();
  }

  /** Looks at the faults again: they have changed. Without one, what is held passes. */
  review(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const [first] = this.#held;
    const disturbance = this.#disturbance();
    if (first === undefined || disturbance?.drop === true) return;
    const waitMs = disturbance === undefined ? 0 : first.dueMs - this.#clock.nowMs();
    this.#timer = this.#clock.setTimer(waitMs, () => this.#release());
  }

  clear(): void {
    this.#held = [];
    this.#bytes = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #release(): void {
    for (;;) {
      const [first] = this.#held;
      const disturbance = this.#disturbance();
      if (first === undefined || disturbance?.drop === true) break;
      if (disturbance !== undefined && first.dueMs > this.#clock.nowMs()) break;
      this.#held.shift();
      this.#bytes -= first.sizeBytes;
      first.action();
    }
    this.review();
  }
}
