import { AsyncLocalStorage } from 'node:async_hooks';
import { Heap } from '../../std/index.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Faults } from '../faults.ts';

/** The longest delay Node takes; it fires anything longer at once. */
const nodeDelayMsMax = 2 ** 31 - 1;

/** Cancelled timers may stay in the queue up to this many, or up to as many as there are live ones. */
const cancelledKeptMax = 1024;

/**
 * Time of the operating system. All timers stand in one queue ordered by due time, then by setting, behind
 * a single Node timer. That keeps three promises Node's own timers do not: none fires early by the clock's
 * own `nowMs` (Node cuts both the start and the delay to whole milliseconds), equal due times fire in the
 * order set, and delays over 2^31 ms are waited for. It is also cheaper for what calls do most: set and
 * cancel.
 */
export class NodeClock implements Clock {
  readonly #faults: Faults;
  #queue = new Heap<NodeTimer>(isBefore);
  #sequence = 0;
  #live = 0;
  #wake: NodeJS.Timeout | NodeJS.Immediate | undefined;
  #wakeMs = Number.POSITIVE_INFINITY;
  // A wake-up serves many setters: it must not run in the async context of the one that armed it.
  readonly #outside = AsyncLocalStorage.snapshot();
  readonly #onWake = (): void => this.#fireDue();

  constructor(faults: Faults) {
    this.#faults = faults;
  }

  nowMs(): number {
    return performance.now();
  }

  wallMs(): number {
    return Date.now() + this.#faults.clockOffsetMs();
  }

  setTimer(delayMs: number, fire: () => void): Timer {
    const nowMs = performance.now();
    // `!(a > b)` also turns NaN into 0.
    const dueMs = delayMs > 0 ? nowMs + delayMs : nowMs;
    const timer = new NodeTimer(dueMs, this.#sequence++, fire, this.#onCancel);
    this.#queue.push(timer);
    if (this.#live++ === 0) this.#wake?.ref();
    if (dueMs < this.#wakeMs) this.#arm(dueMs, nowMs);
    return timer;
  }

  readonly #onCancel = (): void => {
    this.#live--;
    // An unreferenced wake-up lets the process end; clearing it would cost a new one for the next timer.
    if (this.#live === 0) this.#wake?.unref();
    const cancelled = this.#queue.size - this.#live;
    if (cancelled > cancelledKeptMax && cancelled > this.#live) this.#queue.retain(isLive);
  };

  #arm(dueMs: number, nowMs: number): void {
    this.#disarm();
    this.#wakeMs = dueMs;
    const delayMs = Math.min(Math.ceil(dueMs - nowMs), nodeDelayMsMax);
    this.#outside(() => {
      this.#wake = delayMs <= 0 ? setImmediate(this.#onWake) : setTimeout(this.#onWake, delayMs);
    });
  }

  #disarm(): void {
    clearTimeout(this.#wake as NodeJS.Timeout | undefined);
    clearImmediate(this.#wake as NodeJS.Immediate | undefined);
    this.#wake = undefined;
    this.#wakeMs = Number.POSITIVE_INFINITY;
  }

  #fireDue(): void {
    this.#wake = undefined;
    // Timers set from now on see a nearer wake-up than the one armed below, never none.
    this.#wakeMs = Number.NEGATIVE_INFINITY;
    // Read once: a timer that sets the next one at zero delay must let input and output have their turn.
    const nowMs = performance.now();
    try {
      for (;;) {
        const timer = this.#queue.peek();
        if (timer === undefined || (timer.live && timer.dueMs > nowMs)) break;
        this.#queue.pop();
        if (!timer.live) continue;
        this.#live--;
        timer.take()();
      }
    } finally {
      this.#wakeMs = Number.POSITIVE_INFINITY;
      const next = this.#queue.peek();
      if (next !== undefined && this.#live > 0) this.#arm(next.dueMs, performance.now());
    }
  }
}

class NodeTimer implements Timer {
  readonly dueMs: number;
  readonly sequence: number;
  #fire: (() => void) | undefined;
  readonly #onCancel: () => void;

  constructor(dueMs: number, sequence: number, fire: () => void, onCancel: () => void) {
    this.dueMs = dueMs;
    this.sequence = sequence;
    this.#fire = fire;
    this.#onCancel = onCancel;
  }

  get live(): boolean {
    return this.#fire !== undefined;
  }

  /** The callback, once: from here on the timer is over. */
  take(): () => void {
    const fire = this.#fire as () => void;
    this.#fire = undefined;
    return fire;
  }

  cancel(): void {
    if (this.#fire === undefined) return;
    this.#fire = undefined;
    this.#onCancel();
  }
}

function isBefore(left: NodeTimer, right: NodeTimer): boolean {
  return left.dueMs < right.dueMs || (left.dueMs === right.dueMs && left.sequence < right.sequence);
}

function isLive(timer: NodeTimer): boolean {
  return timer.live;
}
