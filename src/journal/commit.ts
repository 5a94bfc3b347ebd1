import type { Clock, DiskFailure, Timer } from '../host/index.ts';
import { ignore, type Observe } from '../std/index.ts';
import { Batch, BatchMemory } from './batch.ts';
import type { JournalEvent } from './events.ts';
import { limits } from './limits.ts';
import type { Segment } from './segment.ts';
import { run, type Steps } from './steps.ts';

export interface CommitOptions {
  readonly clock: Clock;
  readonly observe: Observe<JournalEvent>;
  /** After each write, before those who waited for it are told. */
  readonly committed: () => void;
  readonly failed: (failure: DiskFailure) => void;
}

/**
 * Group commit (Gawlick and Kinkade, "Varieties of Concurrency Control in IMS/VS Fast Path", 1985): one
 * write under way at a time; what is added meanwhile goes into the next one, which begins at the end of a
 * turn, with all that came in it. Every batch has its place in a segment from the start, and waits only if
 * that segment is not ready yet.
 *
 * Invariant: batches are written in order, each only after the one before it is durable. So whatever is
 * missing after a crash, nothing follows it.
 */
export class GroupCommit {
  readonly #options: CommitOptions;
  #current: Batch | undefined;
  #waiting: Batch[] = [];
  /** Of the batch before the last: one is written while the next is filled. */
  #spare: BatchMemory | undefined;
  #queuedBytes = 0;
  #startedMs = 0;
  /** A write begins at the end of this turn. */
  #due: Timer | undefined;
  #retry: Timer | undefined;
  #stopped = false;
  /** The segment of the last write. */
  #segment: Segment | undefined;

  constructor(options: CommitOptions) {
    this.#options = options;
  }

  /** Of what is not durable yet. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** A write into allocated room found no room all the same, as on a copy-on-write file system. */
  get held(): boolean {
    return this.#retry !== undefined;
  }

  add(segment: Segment, record: Uint8Array, position: number, durable: () => void): void {
    const bytesBefore = segment.usedBytes;
    this.#batchFor(segment, record.byteLength, position).add(record, position, durable);
    this.#queuedBytes += segment.usedBytes - bytesBefore;
    this.#writeSoon();
  }

  /** A segment has become ready. */
  resume(): void {
    this.#writeSoon();
  }

  /** Whether records before `position` wait for room, or for a segment that is not ready. */
  isKeptWaiting(position: number): boolean {
    const last = this.#lastBefore(position);
    return last !== undefined && (this.held || !last.segment.ready);
  }

  /** Calls `done` when all records before `position` are durable, or when nothing will be any more. */
  whenDurable(position: number, done: () => void): void {
    const last = this.#lastBefore(position);
    if (last === undefined || this.#stopped) done();
    else last.settled.push(done);
  }

  /** Nothing is written any more, and nobody told. */
  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#due?.cancel();
    const left = this.#current === undefined ? this.#waiting : [this.#current, ...this.#waiting];
    for (const batch of left) for (const settled of batch.settled) settled();
  }

  /** The segments of what was written last and of what is left. After `stop`, or when all is durable. */
  *close(): Steps<void> {
    if (this.#segment !== undefined) yield* this.#segment.close();
    for (const { segment } of this.#waiting) yield* segment.close();
  }

  /** Closes the segment of the last write, unless more goes to it: removed, it would keep its room. */
  *closeWritten(open: Segment | undefined): Steps<void> {
    const segment = this.#segment;
    const isNeeded = segment === open || segment === (this.#current ?? this.#waiting[0])?.segment;
    if (segment === undefined || isNeeded) return;
    this.#segment = undefined;
    yield* segment.close();
  }

  #lastBefore(position: number): Batch | undefined {
    const isBefore = (batch: Batch | undefined): boolean => batch !== undefined && batch.first < position;
    return this.#waiting.findLast(isBefore) ?? (isBefore(this.#current) ? this.#current : undefined);
  }

  #batchFor(segment: Segment, bytes: number, position: number): Batch {
    const last = this.#waiting.at(-1);
    if (last?.segment === segment && last.length + bytes <= limits.writeBytesMax) return last;
    const batch = new Batch(segment, position, this.#spare ?? new BatchMemory());
    this.#spare = undefined;
    this.#waiting.push(batch);
    return batch;
  }

  /** At the end of this turn, so that all that is appended in it shares the write. */
  #writeSoon(): void {
    if (this.#due !== undefined || this.#current !== undefined || this.#waiting.length === 0) return;
    this.#due = this.#options.clock.setTimer(0, () => {
      this.#due = undefined;
      this.#write();
    });
  }

  #write(): void {
    const [batch] = this.#waiting;
    if (batch === undefined || this.#current !== undefined || this.#stopped) return;
    if (!batch.segment.ready) return;
    this.#waiting.shift();
    if (this.#segment !== undefined && this.#segment !== batch.segment) run(this.#segment.close(), ignore);
    this.#segment = batch.segment;
    this.#current = batch;
    this.#startedMs = this.#options.clock.nowMs();
    this.#attempt(batch);
  }

  #attempt(batch: Batch): void {
    batch.segment.file.write(batch.offset, batch.bytes, (outcome) => {
      if (this.#stopped) return;
      if (outcome.ok) this.#written(batch);
      else if (outcome.failure.kind === 'full') this.#hold(batch);
      else this.#options.failed(outcome.failure);
    });
  }

  #hold(batch: Batch): void {
    const wasHeld = this.held;
    this.#retry = this.#options.clock.setTimer(limits.fullRetryMs, () => this.#attempt(batch));
    if (!wasHeld) this.#options.observe({ type: 'full' });
  }

  #written(batch: Batch): void {
    const { clock, observe, committed } = this.#options;
    if (this.held) observe({ type: 'room' });
    this.#retry = undefined;
    this.#current = undefined;
    // What a single large record needed is not kept.
    if (batch.length <= limits.writeBytesMax) this.#spare = batch.memory;
    this.#queuedBytes -= batch.length;
    const durationMs = clock.nowMs() - this.#startedMs;
    observe({ type: 'committed', records: batch.records, bytes: batch.length, durationMs });
    committed();
    for (const durable of batch.durables) durable();
    for (const settled of batch.settled) settled();
    this.#writeSoon();
  }
}
