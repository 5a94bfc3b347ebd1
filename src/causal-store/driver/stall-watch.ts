import type { Clock, Timer } from '../../host/index.ts';
import { limits } from '../limits.ts';

/** Says when something has not moved for `snapshotStallMs`; one timer, however often it moves. */
export class StallWatch {
  readonly #clock: Clock;
  readonly #stalled: () => void;
  #timer: Timer | undefined;
  #movedMs = 0;

  constructor(clock: Clock, stalled: () => void) {
    this.#clock = clock;
    this.#stalled = stalled;
    this.moved();
  }

  moved(): void {
    this.#movedMs = this.#clock.nowMs();
    if (this.#timer === undefined) this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const waitMs = this.#movedMs + limits.snapshotStallMs - this.#clock.nowMs();
    this.#timer = this.#clock.setTimer(waitMs, () => {
      this.#timer = undefined;
      if (this.#clock.nowMs() - this.#movedMs < limits.snapshotStallMs) this.#arm();
      else this.#stalled();
    });
  }
}
