import type { Clock, Timer } from './clock.ts';
import type { Disturbance } from './faults.ts';

interface Held {
  readonly dueMs: number;
  readonly sizeBytes: number;
  readonly action: () => void;
}

/**
 * One direction of one connection or link, as injected faults leave it: actions pass on in their order, at
 * once, after the fault's delay, or, while it drops, not before it is healed (a stream cannot lose bytes and
 * go on).
 */
export class Lane {
  readonly #clock: Clock;
  readonly #disturbance: () => Disturbance | undefined;
  #held: Held[] = [];
  #heldBytes = 0;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(clock: Clock, disturbance: () => Disturbance | undefined) {
    this.#clock = clock;
    this.#disturbance = disturbance;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether an action handed in now would have to wait. */
  get holds(): boolean {
    return this.#held.length > 0 || this.#disturbance() !== undefined;
  }

  /** While true nothing that is held goes on; what finds the lane empty is not held for it. */
  set stopped(stopped: boolean) {
    this.#stopped = stopped;
    this.review();
  }

  pass(sizeBytes: number, action: () => void): void {
    const delayMs = this.#disturbance()?.delayMs ?? 0;
    this.#held.push({ dueMs: this.#clock.nowMs() + delayMs, sizeBytes, action });
    this.#heldBytes += sizeBytes;
    if (this.#timer === undefined) this.#schedule();
  }

  /** Looks at the faults again: they have changed. Without one, what is held passes at once. */
  review(): void {
    if (this.#held.length > 0) this.#schedule();
  }

  clear(): void {
    this.#held = [];
    this.#heldBytes = 0;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #schedule(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const disturbance = this.#disturbance();
    const first = this.#held[0];
    if (first === undefined || this.#stopped || disturbance?.drop === true) return;
    const waitMs = disturbance === undefined ? 0 : first.dueMs - this.#clock.nowMs();
    this.#timer = this.#clock.setTimer(waitMs, () => this.#release());
  }

  #release(): void {
    this.#timer = undefined;
    for (;;) {
      const first = this.#held[0];
      const disturbance = this.#disturbance();
      if (first === undefined || this.#stopped || disturbance?.drop === true) break;
      if (disturbance !== undefined && first.dueMs > this.#clock.nowMs()) break;
      this.#held.shift();
      this.#heldBytes -= first.sizeBytes;
      first.action();
    }
    this.#schedule();
  }
}
