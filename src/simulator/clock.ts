import type { Clock, Faults, Timer } from '../host/index.ts';
import type { Event, Life, Timeline } from './timeline.ts';
import type { Recorder } from './trace.ts';

/** What every simulation's wall clocks show at its start, when they are right: 2030-01-01. */
export const epochMs = Date.UTC(2030, 0, 1);

/** Timers never fire at the moment they are set, or a program that waits for time to pass would spin. */
const timerUsMin = 1;

/**
 * The clocks of one machine: a monotonic one that runs at its own rate, and a wall clock set apart from it.
 */
export class MachineClock {
  readonly #timeline: Timeline;
  #rate = 1;
  /**
   * The monotonic clock showed `#sinceMs` when virtual time was `#sinceUs`, and runs at `#rate` from there.
   */
  #sinceUs: number;
  #sinceMs: number;
  #floorMs: number;
  #wallAheadMs: number;

  constructor(timeline: Timeline, startMs: number) {
    this.#timeline = timeline;
    this.#sinceUs = timeline.nowUs;
    this.#sinceMs = startMs;
    this.#floorMs = startMs;
    this.#wallAheadMs = epochMs + timeline.nowUs / 1000 - startMs;
  }

  nowMs(): number {
    const nowMs = this.#sinceMs + ((this.#timeline.nowUs - this.#sinceUs) / 1000) * this.#rate;
    return Math.max(nowMs, this.#floorMs);
  }

  wallMs(): number {
    return Math.floor(this.nowMs() + this.#wallAheadMs);
  }

  /** The wall clock jumps; the monotonic one does not. */
  jump(byMs: number): void {
    this.#wallAheadMs += byMs;
  }

  /** The machine's milliseconds in a true one from now on: 1.0001 runs fast by a ten-thousandth. */
  setRate(rate: number): void {
    this.#sinceMs = this.nowMs();
    this.#sinceUs = this.#timeline.nowUs;
    this.#rate = rate;
  }

  /** A power cut: the monotonic clock starts again, the wall clock went on. */
  reboot(startMs: number): void {
    this.#wallAheadMs += this.nowMs() - startMs;
    this.#sinceUs = this.#timeline.nowUs;
    this.#sinceMs = startMs;
    this.#floorMs = startMs;
  }

  /** Virtual microseconds until the clock shows `dueMs`, not less. */
  untilUs(dueMs: number): number {
    return Math.ceil(((dueMs - this.nowMs()) * 1000) / this.#rate);
  }

  /**
   * What is due at `dueMs` happens now: from here on the clock shows no less, whatever its arithmetic
   * rounds.
   */
  reach(dueMs: number): void {
    this.#floorMs = Math.max(this.#floorMs, dueMs);
  }
}

/** The clock as a process sees it: its timers end with its life. */
export class SimulatedClock implements Clock {
  readonly #timeline: Timeline;
  readonly #life: Life;
  readonly #machine: MachineClock;
  readonly #faults: Faults;
  readonly #host: string;
  readonly #recorder: Recorder;

  constructor(options: {
    readonly timeline: Timeline;
    readonly life: Life;
    readonly machine: MachineClock;
    readonly faults: Faults;
    readonly host: string;
    readonly recorder: Recorder;
  }) {
    this.#timeline = options.timeline;
    this.#life = options.life;
    this.#machine = options.machine;
    this.#faults = options.faults;
    this.#host = options.host;
    this.#recorder = options.recorder;
  }

  nowMs(): number {
    return this.#machine.nowMs();
  }

  wallMs(): number {
    return this.#machine.wallMs() + this.#faults.clockOffsetMs();
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const timer = new SimulatedTimer();
    const nowMs = this.#machine.nowMs();
    // `!(a > b)` also turns NaN into 0.
    const waitMs = delayMs > 0 ? delayMs : 0;
    let dueMs = nowMs + waitMs;
    // The sum may be rounded down: a program that subtracts again must not find that too little has passed.
    while (dueMs - nowMs < waitMs) dueMs += dueMs * Number.EPSILON;
    if (dueMs < Number.POSITIVE_INFINITY) this.#arm(timer, dueMs, fire);
    return timer;
  }

  #arm(timer: SimulatedTimer, dueMs: number, fire: () => void): void {
    const delayUs = Math.max(timerUsMin, this.#machine.untilUs(dueMs));
    timer.event = this.#timeline.at(this.#life, delayUs, () => {
      // The clock may have been slowed since.
      if (this.#machine.untilUs(dueMs) > timerUsMin) {
        this.#arm(timer, dueMs, fire);
        return;
      }
      this.#machine.reach(dueMs);
      this.#recorder.record(this.#host, 'timer', '');
      fire();
    });
  }
}

class SimulatedTimer implements Timer {
  event: Event | undefined;

  cancel(): void {
    this.event?.cancel();
  }
}
