import type { Clock, Disk, DiskFailure, DiskLock } from '../host/index.ts';
import { assert, type Observe } from '../std/index.ts';
import { GroupCommit } from './commit.ts';
import type { JournalEvent } from './events.ts';
import { limits } from './limits.ts';
import type { Past } from './recovery/recover.ts';
import type { Segment } from './segment.ts';
import { type SnapshotSource, writeSnapshot } from './snapshot-writer.ts';
import { ask, attempt, run, StepFailure, type Steps } from './steps.ts';
import { SegmentSupply } from './supply.ts';
import { frameBytes } from './wire.ts';

export type Refusal = 'full' | 'busy' | 'stopped';

export type SnapshotOutcome =
  | { readonly ok: true; readonly position: number; readonly bytes: number }
  /** Given up; the journal goes on as before, with the snapshot it had, unless this was `fatal`. */
  | { readonly ok: false; readonly failure: DiskFailure };

/**
 * Records in their order, each durable once it says so. A record that was accepted never fails alone:
 * either all before it and it become durable, or the journal is over (`fatal`) and the process has to stop.
 */
export interface Journal {
  /**
   * Takes a record of 1 byte to 8 MiB; its bytes are copied. False: it is refused and nothing will happen,
   * `refusing` says why; an event that `makesRoom` follows. True: `durable` is called later, in the order of
   * the appends, unless the process stops before. After a crash a record that was not reported durable may
   * be there or not.
   */
  append(record: Uint8Array, durable: () => void): boolean;
  /**
   * Why the last append was refused, undefined once it is worth trying again. full: the disk has no room;
   * busy: too much is queued; stopped: closed, or after `fatal`.
   */
  readonly refusing: Refusal | undefined;
  /** Appended, and not durable yet. */
  readonly queuedBytes: number;
  /** Of the next record: how many have been appended before it, ever. */
  readonly position: number;
  /** Of records appended since the position of the newest snapshot. */
  readonly bytesSinceSnapshot: number;
  /**
   * Writes a snapshot of all records appended so far, beside the appends that go on, and then removes the
   * segments and snapshots that it replaces. False: one is under way already, or the journal is stopped.
   */
  snapshot(source: SnapshotSource, done: (outcome: SnapshotOutcome) => void): boolean;
  /**
   * Makes durable what is queued, gives up a snapshot under way, and lets go of the folder. On a full disk
   * that may take until there is room: who cannot wait ends the process. To be called once.
   */
  close(done: () => void): void;
}

export interface Opened {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly folder: string;
  readonly segmentBytes: number;
  readonly olderSnapshots: number;
  readonly observe: Observe<JournalEvent>;
  readonly fatal: (failure: DiskFailure) => void;
  readonly lock: DiskLock;
  readonly past: Past;
}

/** A journal whose past has been read. Its own records start in a segment of their own. */
export class OpenedJournal implements Journal {
  readonly #opened: Opened;
  readonly #commit: GroupCommit;
  readonly #supply: SegmentSupply;
  #position: number;
  #bytesSinceSnapshot: number;
  #refusing: Refusal | undefined;
  /** Where the next record goes, if it fits. Undefined until there was room for the first segment. */
  #segment: Segment | undefined;
  #snapshotUnderWay = false;
  #snapshotEnded: (() => void) | undefined;
  /** Ends the wait of a snapshot for the records before it, if that would be in vain. */
  #reviewWait: (() => void) | undefined;
  #started = false;
  #stopped = false;
  #failure: DiskFailure | undefined;

  constructor(opened: Opened) {
    const { clock, past } = opened;
    this.#opened = opened;
    const observe = (event: JournalEvent): void => {
      opened.observe(event);
      if (event.type === 'full') this.#reviewWait?.();
    };
    this.#position = past.position;
    this.#bytesSinceSnapshot = past.bytes;
    const worthTrying = (): void => {
      if (this.#refusing !== 'stopped') this.#refusing = undefined;
    };
    const failed = (failure: DiskFailure): void => this.#fail(failure);
    this.#commit = new GroupCommit({ clock, observe, committed: worthTrying, failed });
    const ready = (): void => {
      worthTrying();
      this.#commit.resume();
    };
    const { nextNumber } = past;
    this.#supply = new SegmentSupply({ ...opened, observe, nextNumber, ready, failed });
  }

  get refusing(): Refusal | undefined {
    return this.#refusing;
  }

  get queuedBytes(): number {
    return this.#commit.queuedBytes;
  }

  get position(): number {
    return this.#position;
  }

  get bytesSinceSnapshot(): number {
    return this.#bytesSinceSnapshot;
  }

  /** Makes the first segment, unless there is no room for it. After a failure it is of no use. */
  *start(): Steps<void> {
    yield* this.#retire();
    this.#supply.prepare();
    yield* after((done) => this.#supply.whenSettled(done));
    if (this.#failure !== undefined) {
      yield* this.#supply.close();
      throw new StepFailure(this.#failure);
    }
    this.#supply.yields = true;
    // Again: what a full disk can do without is more.
    if (this.#supply.full) yield* this.#retire();
    this.#started = true;
    this.#supply.yields = false;
  }

  append(record: Uint8Array, durable: () => void): boolean {
    const { byteLength } = record;
    assert(byteLength > 0 && byteLength <= limits.recordBytesMax, 'a record is 1 byte to 8 MiB long');
    const bytes = frameBytes + byteLength;
    const segment = this.#placeFor(bytes);
    if (typeof segment === 'string') {
      this.#refusing = segment;
      return false;
    }
    this.#refusing = undefined;
    this.#commit.add(segment, record, this.#position, durable);
    this.#position++;
    this.#bytesSinceSnapshot += byteLength;
    if (segment.usedBytes * 2 > segment.plannedBytes) this.#supply.prepare();
    return true;
  }

  snapshot(source: SnapshotSource, done: (outcome: SnapshotOutcome) => void): boolean {
    if (this.#snapshotUnderWay || this.#stopped) return false;
    this.#snapshotUnderWay = true;
    const { observe, clock } = this.#opened;
    const position = this.#position;
    const bytesBefore = this.#bytesSinceSnapshot;
    const startedMs = clock.nowMs();
    const next = source(position);
    // It may make the room that the supply lacks.
    this.#supply.yields = true;
    run(this.#makeSnapshot(position, next), (outcome) => {
      this.#snapshotUnderWay = false;
      this.#supply.yields = false;
      if (outcome.ok) {
        this.#bytesSinceSnapshot -= bytesBefore;
        const bytes = outcome.value;
        observe({ type: 'snapshot', position, bytes, durationMs: clock.nowMs() - startedMs });
        done({ ok: true, position, bytes });
      } else {
        const { failure } = outcome;
        if (failure !== this.#failure) observe({ type: 'snapshot-failed', position, failure });
        done(outcome);
      }
      this.#snapshotEnded?.();
    });
    return true;
  }

  close(done: () => void): void {
    this.#stopped = true;
    this.#refusing = 'stopped';
    run(this.#closing(), done);
  }

  #placeFor(bytes: number): Segment | Refusal {
    if (this.#stopped) return 'stopped';
    if (this.#commit.held) return 'full';
    if (this.#commit.queuedBytes + bytes > limits.queueBytesMax) return 'busy';
    const segment = this.#segment;
    // What has its place already waits for the room; nothing more should.
    if (segment?.ready === false && this.#supply.full) return 'full';
    if (segment !== undefined && segment.leftBytes >= bytes) return segment;
    const next = this.#supply.take(bytes);
    if (next === undefined) return this.#supply.full ? 'full' : 'busy';
    this.#segment = next;
    this.#opened.past.holdings.addSegment({ number: next.number, first: this.#position });
    this.#opened.observe({ type: 'segment', number: next.number, bytes: next.plannedBytes });
    return next;
  }

  *#makeSnapshot(position: number, next: () => Uint8Array | undefined): Steps<number> {
    const { disk, folder, past } = this.#opened;
    const givenUp = (): DiskFailure | undefined => this.#whyGiveUp(position);
    const covered = (done: () => void): void => this.#whenCovered(position, done);
    // What is tried just now would take the room that the snapshot needs.
    if (this.#supply.full) yield* after((done) => this.#supply.whenSettled(done));
    const bytes = yield* writeSnapshot({ disk, folder, position, next, givenUp, covered });
    yield* this.#secureNames();
    past.holdings.addSnapshot(position);
    yield* this.#retire();
    return bytes;
  }

  #whyGiveUp(position: number): DiskFailure | undefined {
    if (this.#stopped) return { kind: 'closed', message: 'The journal is closed.' };
    // Each would wait for the other: they for the room that it holds.
    const inVain = (this.#supply.holdsRecords || this.#commit.held) && this.#commit.isKeptWaiting(position);
    return inVain ? { kind: 'full', message: 'Records before the snapshot wait for room.' } : undefined;
  }

  #whenCovered(position: number, done: () => void): void {
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      this.#reviewWait = undefined;
      done();
    };
    this.#reviewWait = () => {
      if (this.#whyGiveUp(position) !== undefined) end();
    };
    this.#reviewWait();
    if (!isOver) this.#commit.whenDurable(position, end);
  }

  /** Those of a snapshot that is in place. Without it nobody knows what stands: that is the end. */
  *#secureNames(): Steps<void> {
    const { disk, folder, clock } = this.#opened;
    for (;;) {
      const synced = yield* attempt<void>((done) => disk.syncDirectory(folder, done));
      if (synced.ok) return;
      const { failure } = synced;
      if (failure.kind !== 'too-many-open') this.#fail(failure);
      if (this.#stopped) throw new StepFailure(failure);
      yield* after((done) => clock.setTimer(limits.fullRetryMs, done));
    }
  }

  /** On a full disk the last segment goes as well, if a snapshot covers it and no more is put into it. */
  *#retire(): Steps<void> {
    const { past, olderSnapshots } = this.#opened;
    const isUsedUp = this.#segment === undefined || this.#refusing === 'full';
    if (this.#supply.full && isUsedUp && past.holdings.covers(this.#position, olderSnapshots)) {
      this.#segment = undefined;
      past.holdings.endSegments(this.#position);
    }
    yield* this.#commit.closeWritten(this.#segment);
    yield* past.holdings.retire(this.#opened);
  }

  *#closing(): Steps<void> {
    yield* after((done) => this.#commit.whenDurable(this.#position, done));
    this.#supply.stop();
    yield* after((done) => this.#supply.whenSettled(done));
    yield* after((done) => this.#whenSnapshotEnded(done));
    yield* this.#supply.close();
    yield* this.#commit.close();
    if (this.#segment !== undefined) yield* this.#segment.close();
    yield* after((done) => this.#opened.lock.release(done));
  }

  #whenSnapshotEnded(done: () => void): void {
    if (this.#snapshotUnderWay) this.#snapshotEnded = done;
    else done();
  }

  #fail(failure: DiskFailure): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#stopped = true;
    this.#refusing = 'stopped';
    this.#commit.stop();
    this.#supply.stop();
    if (!this.#started) return;
    this.#opened.observe({ type: 'fatal', failure });
    this.#opened.fatal(failure);
  }
}

function after(wait: (done: () => void) => void): Steps<void> {
  return ask<void>((done) => wait(() => done({ ok: true, value: undefined })));
}
