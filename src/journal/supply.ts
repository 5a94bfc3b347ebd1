import type { Clock, DiskFailure, Timer } from '../host/index.ts';
import type { Observe } from '../std/index.ts';
import type { JournalEvent } from './events.ts';
import { limits } from './limits.ts';
import type { Place } from './place.ts';
import { Segment } from './segment.ts';
import { run, type Steps } from './steps.ts';

export interface SupplyOptions extends Place {
  readonly clock: Clock;
  readonly segmentBytes: number;
  /** Of the first segment it makes. */
  readonly nextNumber: number;
  readonly observe: Observe<JournalEvent>;
  /** A segment has become ready. */
  readonly ready: () => void;
  readonly failed: (failure: DiskFailure) => void;
}

/** Keeps the next segment at hand, made before it is needed. */
export class SegmentSupply {
  readonly #options: SupplyOptions;
  #nextNumber: number;
  /** Not taken yet; ready, or being made. */
  #next: Segment | undefined;
  /** Taken or not. */
  #making: Segment | undefined;
  /** The disk is at it; not while a full one is given time. */
  #underWay = false;
  #retry: Timer | undefined;
  #retryMs: number = limits.fullRetryMs;
  #full = false;
  /** The last one was made for the records it had already: the next is taken when it is there, not before. */
  #isShort = false;
  #yields = false;
  #stopped = false;
  #settled: (() => void)[] = [];

  constructor(options: SupplyOptions) {
    this.#options = options;
    this.#nextNumber = options.nextNumber;
  }

  /** There is no room for the next segment. It is tried again until there is. */
  get full(): boolean {
    return this.#full || this.#isShort;
  }

  /** Nor for the records that have their place in it already. */
  get holdsRecords(): boolean {
    return this.#full && this.#making !== undefined && this.#making.usedBytes > 0;
  }

  /** While true a full disk is left to what may make room on it; then it is tried at once. */
  set yields(yields: boolean) {
    this.#yields = yields;
    this.#retry?.cancel();
    this.#retry = undefined;
    if (yields || this.#underWay || this.#stopped || !this.full) return;
    if (this.#making === undefined) this.prepare();
    else this.#make(this.#making);
  }

  /** Sees to it that there is a next segment; one begun now has room for so many bytes of frames. */
  prepare(bytes = 0): void {
    if (this.#making !== undefined || this.#next !== undefined || this.#stopped) return;
    this.#next = new Segment(this.#nextNumber++, this.#options.segmentBytes);
    this.#next.planFor(bytes);
    this.#make(this.#next);
  }

  /**
   * A segment for at least so many bytes of frames. It may still be on its way to being ready. Undefined when
   * there is no room for it, or the one before it is not ready yet.
   */
  take(bytes: number): Segment | undefined {
    if (this.full) return undefined;
    this.prepare(bytes);
    const next = this.#next;
    if (next === undefined) return undefined;
    if (next.leftBytes < bytes) {
      // One that is being made is made to its end first.
      if (this.#making !== undefined) return undefined;
      next.planFor(bytes);
      this.#make(next);
    }
    this.#next = undefined;
    return next;
  }

  /** Calls `done`, once, when no segment is being made: there is one, or no room for it. */
  whenSettled(done: () => void): void {
    if (this.#underWay) this.#settled.push(done);
    else done();
  }

  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#retry = undefined;
  }

  /** After `stop` and when settled. */
  *close(): Steps<void> {
    if (this.#next !== undefined) yield* this.#next.close();
  }

  #make(segment: Segment): void {
    this.#making = segment;
    this.#underWay = true;
    run(segment.make(this.#options), (outcome) => {
      this.#underWay = false;
      if (outcome.ok) this.#made(segment);
      else if (outcome.failure.kind === 'full' && segment.shrink()) this.#makeShort(segment);
      else if (isShortage(outcome.failure)) this.#makeLater(segment);
      else this.#options.failed(outcome.failure);
      if (this.#underWay) return;
      const settled = this.#settled;
      this.#settled = [];
      for (const each of settled) each();
    });
  }

  /** A snapshot, which makes room, would have to wait for the records that have their place in it. */
  #makeShort(segment: Segment): void {
    this.#isShort = true;
    this.#make(segment);
  }

  #made(segment: Segment): void {
    this.#making = undefined;
    if (this.#isShort && segment !== this.#next) {
      // It is used up: there is room when the next is there.
      this.#options.ready();
      if (!this.#yields) this.prepare();
      return;
    }
    this.#isShort = false;
    this.#retryMs = limits.fullRetryMs;
    if (this.#full) this.#options.observe({ type: 'room' });
    this.#full = false;
    this.#options.ready();
    this.#options.observe({ type: 'segment-made' });
  }

  #makeLater(segment: Segment): void {
    const wasFull = this.#full;
    this.#full = true;
    if (!wasFull) this.#options.observe({ type: 'full' });
    if (this.#stopped || this.#yields) return;
    this.#retry = this.#options.clock.setTimer(this.#retryMs, () => {
      this.#retry = undefined;
      this.#make(segment);
    });
    this.#retryMs = Math.min(this.#retryMs * 2, limits.fullRetryMsMax);
  }
}

/** It passes, and has spoilt nothing: no record has been written to what is being made. */
function isShortage({ kind }: DiskFailure): boolean {
  return kind === 'full' || kind === 'too-many-open';
}
