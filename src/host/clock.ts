/** Time as a port. Nothing outside a host reads a clock or sets a timer. */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary start, with fractions. Never goes back. */
  nowMs(): number;
  /** Milliseconds since the Unix epoch. May jump either way: only for showing and for stamps. */
  wallMs(): number;
  /**
   * Calls `fire` once, no earlier than `delayMs` from now by `nowMs`, and never before `setTimer` has
   * returned. Timers fire in the order they are due; those due at the same moment in the order they were
   * set. A delay below 0 counts as 0; an infinite one never fires. On the real host `fire` runs outside the
   * async context (AsyncLocalStorage) of whoever set it.
   */
  setTimer(delayMs: number, fire: () => void): Timer;
}

export interface Timer {
  /** After this, `fire` is not called. Cancelling twice, or after it fired, does nothing. */
  cancel(): void;
}
