import { limits } from '../limits.ts';
import type { Event } from '../timeline.ts';

/**
 * How an endpoint waits for an answer: it tries again after doubling times, and gives up when it has heard
 * nothing at all for too long.
 */
export class Patience {
  readonly #nowMs: () => number;
  readonly #after: (delayMs: number, run: () => void) => Event;
  readonly #silenceMsMax: () => number;
  readonly #tryAgain: () => void;
  readonly #giveUp: () => void;
  /**
   * Left armed while there is progress, and put off when it fires early: cheaper than a new one each time.
   */
  #timer: Event | undefined;
  #waiting = false;
  #waitMs: number = limits.retransmitMsMin;
  #dueMs = 0;
  #heardMs = 0;

  constructor(options: {
    readonly nowMs: () => number;
    readonly after: (delayMs: number, run: () => void) => Event;
    readonly silenceMsMax: () => number;
    readonly tryAgain: () => void;
    readonly giveUp: () => void;
  }) {
    this.#nowMs = options.nowMs;
    this.#after = options.after;
    this.#silenceMsMax = options.silenceMsMax;
    this.#tryAgain = options.tryAgain;
    this.#giveUp = options.giveUp;
  }

  /** Something was sent that wants an answer. */
  await(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#heardMs = this.#nowMs();
    this.#dueMs = this.#heardMs + this.#waitMs;
    if (this.#timer === undefined) this.#arm(this.#waitMs);
  }

  /** The peer lives, whatever it said. */
  heard(): void {
    this.#heardMs = this.#nowMs();
  }

  /** What was waited for has come, or some of it. */
  progress(stillWaiting: boolean): void {
    this.#waitMs = limits.retransmitMsMin;
    this.#dueMs = this.#nowMs() + this.#waitMs;
    this.#waiting = stillWaiting;
  }

  end(): void {
    this.#waiting = false;
    this.#timer?.cancel();
  }

  #arm(delayMs: number): void {
    this.#timer = this.#after(delayMs, () => this.#onTimer());
  }

  #onTimer(): void {
    this.#timer = undefined;
    if (!this.#waiting) return;
    const nowMs = this.#nowMs();
    if (nowMs < this.#dueMs) {
      this.#arm(this.#dueMs - nowMs);
    } else if (nowMs - this.#heardMs >= this.#silenceMsMax()) {
      this.#giveUp();
    } else {
      this.#tryAgain();
      this.#waitMs = Math.min(this.#waitMs * 2, limits.retransmitMsMax);
      this.#dueMs = nowMs + this.#waitMs;
      this.#arm(this.#waitMs);
    }
  }
}
