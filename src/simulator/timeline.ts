import { assert, Heap } from '../std/index.ts';
import { limits } from './limits.ts';

/**
 * What events belong to: a process, a machine, the world. Events of an ended life never run; those of a
 * paused one wait, in order, until it is resumed.
 */
export class Life {
  #alive = true;
  #paused = false;
  #held: Event[] = [];

  get alive(): boolean {
    return this.#alive;
  }

  get paused(): boolean {
    return this.#paused;
  }

  end(): void {
    this.#alive = false;
    this.#held = [];
  }

  pause(): void {
    this.#paused = true;
  }

  hold(event: Event): void {
    this.#held.push(event);
  }

  /** The events held meanwhile. */
  resume(): readonly Event[] {
    const held = this.#held;
    this.#paused = false;
    this.#held = [];
    return held;
  }
}

/** Something that will happen. */
export class Event {
  timeUs: number;
  readonly sequence: number;
  readonly life: Life;
  readonly #onCancel: () => void;
  #run: (() => void) | undefined;

  constructor(timeUs: number, sequence: number, life: Life, run: () => void, onCancel: () => void) {
    this.timeUs = timeUs;
    this.sequence = sequence;
    this.life = life;
    this.#run = run;
    this.#onCancel = onCancel;
  }

  get pending(): boolean {
    return this.#run !== undefined;
  }

  run(): void {
    const run = this.#run;
    this.#run = undefined;
    run?.();
  }

  /** After this it does not happen. Cancelling twice, or after it happened, does nothing. */
  cancel(): void {
    if (this.#run === undefined) return;
    this.#run = undefined;
    this.#onCancel();
  }
}

/**
 * Virtual time: events in the order of their moment, and of their making within one. Time is whole
 * microseconds, so that it adds up exactly; it stands still while an event runs.
 */
export class Timeline {
  #queue = new Heap<Event>(isBefore);
  /**
   * Events of this very moment. All later than those of the same moment in the queue: O(1), not O(log n).
   */
  #now: Event[] = [];
  #nowTaken = 0;
  #nowUs = 0;
  #sequence = 0;
  #cancelled = 0;
  #momentEvents = 0;

  get nowUs(): number {
    return this.#nowUs;
  }

  at(life: Life, delayUs: number, run: () => void): Event {
    const event = new Event(this.#nowUs + delayUs, this.#sequence++, life, run, this.#onCancel);
    if (delayUs <= 0) this.#now.push(event);
    else this.#queue.push(event);
    return event;
  }

  resume(life: Life): void {
    for (const event of life.resume()) {
      event.timeUs = this.#nowUs;
      this.#now.push(event);
    }
  }

  /**
   * Runs the next event due by `limitUs`. False when there is none: then it is `limitUs`, if that is
   * finite.
   */
  step(limitUs: number): boolean {
    for (;;) {
      const event = this.#take(limitUs);
      if (event === undefined) {
        if (Number.isFinite(limitUs) && limitUs > this.#nowUs) this.#enter(limitUs);
        return false;
      }
      if (!event.pending || !event.life.alive) continue;
      if (event.life.paused) {
        event.life.hold(event);
        continue;
      }
      if (event.timeUs > this.#nowUs) this.#enter(event.timeUs);
      this.#momentEvents++;
      assert(this.#momentEvents <= limits.eventsPerMomentMax, 'virtual time goes on: no program spins');
      event.run();
      return true;
    }
  }

  #enter(timeUs: number): void {
    this.#nowUs = timeUs;
    this.#momentEvents = 0;
  }

  #take(limitUs: number): Event | undefined {
    const top = this.#queue.peek();
    if (this.#nowTaken < this.#now.length && (top === undefined || top.timeUs > this.#nowUs)) {
      const event = this.#now[this.#nowTaken++];
      if (this.#nowTaken === this.#now.length) {
        this.#now = [];
        this.#nowTaken = 0;
      }
      return event;
    }
    if (top === undefined || top.timeUs > limitUs) return undefined;
    if (!top.pending) this.#cancelled--;
    return this.#queue.pop();
  }

  readonly #onCancel = (): void => {
    this.#cancelled++;
    if (this.#cancelled > limits.cancelledKeptMax && this.#cancelled > this.#queue.size / 2) {
      this.#queue.retain((event) => event.pending && event.life.alive);
      this.#cancelled = 0;
    }
  };
}

function isBefore(left: Event, right: Event): boolean {
  return left.timeUs < right.timeUs || (left.timeUs === right.timeUs && left.sequence < right.sequence);
}
