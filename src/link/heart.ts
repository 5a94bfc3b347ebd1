import type { Clock, Timer } from '../host/index.ts';
import type { LinkLimits } from './limits.ts';
import type { Session } from './session.ts';

/**
 * One timer for the heartbeats and silences of all links of a process. When it fires much too late this
 * process did not run: no link is blamed for that, and what has arrived meanwhile is read first.
 */
export class Heart {
  readonly #clock: Clock;
  readonly #limits: LinkLimits;
  readonly #sessions = new Set<Session>();
  readonly #onPaused: (pausedMs: number) => void;
  #timer: Timer | undefined;
  #dueMs = 0;

  constructor(clock: Clock, limits: LinkLimits, onPaused: (pausedMs: number) => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#onPaused = onPaused;
  }

  add(session: Session): void {
    this.#sessions.add(session);
    // A timer that is armed is due before this one's first heartbeat.
    if (this.#timer === undefined) this.#arm();
  }

  remove(session: Session): void {
    this.#sessions.delete(session);
    if (this.#sessions.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** A pause that has not been noticed yet is noticed now, before what has arrived meanwhile is read. */
  catchUp(): void {
    if (this.#timer === undefined || !this.#isPause(this.#clock.nowMs() - this.#dueMs)) return;
    this.#timer.cancel();
    this.#beat();
  }

  #arm(): void {
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { liveness } of this.#sessions) dueMs = Math.min(dueMs, liveness.dueMs);
    const nowMs = this.#clock.nowMs();
    const delayMs = Math.min(Math.max(0, dueMs - nowMs), this.#limits.heartbeatMs);
    this.#dueMs = nowMs + delayMs;
    this.#timer = this.#clock.setTimer(delayMs, () => this.#beat());
  }

  #isPause(lateMs: number): boolean {
    return lateMs >= this.#limits.heartbeatMs;
  }

  #beat(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.nowMs();
    const lateMs = nowMs - this.#dueMs;
    if (this.#isPause(lateMs)) {
      for (const { liveness } of this.#sessions) liveness.excuse(lateMs, nowMs);
      this.#onPaused(lateMs);
    }
    for (const session of [...this.#sessions]) session.beat(nowMs);
    if (this.#sessions.size > 0 && this.#timer === undefined) this.#arm();
  }
}
