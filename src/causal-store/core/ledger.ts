import { assert, must } from '../../std/index.ts';
import { MalformedBytes } from '../bytes.ts';
import { type BufferLimits, limits } from '../limits.ts';
import { decodeRecord, encodeRecord } from '../wire.ts';
import type { Quarantine } from './events.ts';
import { Intake, type Taken } from './intake.ts';
import { Queue } from './log.ts';
import { decodeNote, encodeNote, type Identity, isNote, type Note, type Rejoining } from './notes.ts';
import type { Encoded, StoreRecord, Write } from './record.ts';
import { rejoin } from './rejoin.ts';
import { emptyStage, type Staged, stageChunk } from './scan.ts';
import { type Applied, State } from './state.ts';
import { sequenceOf, type Vector } from './vector.ts';

/** What became durable and has now taken effect. */
export type Settled =
  | { readonly kind: 'record'; readonly record: StoreRecord; readonly applied: Applied }
  /** With a quarantine, be it empty, when the replica has come back under another identity. */
  | {
      readonly kind: 'published';
      readonly keys: number;
      readonly quarantine: Quarantine | undefined;
    }
  | { readonly kind: 'note' };

/** For checks: called from inside, before a record takes effect and after a tombstone has gone. */
export interface Watch {
  applying(record: StoreRecord, state: State): void;
  collected(tombstone: Write): void;
}

export interface LedgerOptions {
  readonly group: number;
  readonly append: (bytes: Uint8Array) => void;
  readonly watch?: Watch | undefined;
  readonly buffers?: BufferLimits | undefined;
}

type Appended = { readonly encoded: Encoded } | { readonly note: Note };

/**
 * A replica's state and the journal that leads to it. Everything that changes the state is appended first
 * and takes effect once it is durable; the same entries, replayed at a start, give the same state.
 *
 * Invariant: `#appended` is what the journal was given and has not confirmed, in its order.
 */
export class Ledger {
  readonly group: number;
  readonly buffers: BufferLimits;
  readonly #append: (bytes: Uint8Array) => void;
  readonly #watch: Watch | undefined;
  readonly #appended = new Queue<Appended>();
  #state = new State();
  #intake: Intake;
  #staged: Staged = emptyStage();
  #identity: Identity | undefined;
  #stampMax = 0;
  #isStaging = false;
  #quarantines: Quarantine[] = [];
  #isPublishing = false;

  constructor({ group, append, watch, buffers = limits }: LedgerOptions) {
    this.group = group;
    this.buffers = buffers;
    this.#intake = new Intake(this.#state, buffers);
    this.#append = append;
    this.#watch = watch;
  }

  get state(): State {
    return this.#state;
  }

  get intake(): Intake {
    return this.#intake;
  }

  /** Undefined before the first start of a new disk. */
  get identity(): Identity | undefined {
    return this.#identity;
  }

  get own(): Identity {
    return must(this.#identity, 'an identity once started');
  }

  /** The sequence of the own incarnation's last record, durable or not. */
  get ownSequence(): number {
    return sequenceOf(this.#intake.accepted, this.own.origin);
  }

  /** What was set aside and is, as far as the journal knows, in no file yet. */
  get quarantines(): readonly Quarantine[] {
    return this.#quarantines;
  }

  /** It is in its file. Until the journal says so it must not be cut short: it has the only copy. */
  quarantineKept(origin: string): void {
    this.#forgetQuarantine(origin);
    this.#note({ note: 'quarantine-kept', origin });
  }

  /** A snapshot is on its way in: the journal must not be cut short meanwhile. */
  get isStaging(): boolean {
    return this.#isStaging;
  }

  /** The state is about to leap: nothing else is accepted until it has. */
  get isPublishing(): boolean {
    return this.#isPublishing;
  }

  /** Later than everything accepted here, and no earlier than the clock. */
  nextStamp(wallMs: number): number {
    return Math.max(Math.floor(wallMs * stampsPerMs), this.#stampMax + 1);
  }

  /** Takes a record of this replica's own. */
  write(record: StoreRecord): void {
    const encoded = { record, bytes: encodeRecord(record) };
    this.#intake.accept(encoded);
    this.#accepted(encoded);
  }

  /** Takes a record of a peer's. */
  take(encoded: Encoded): Taken {
    return this.#intake.take(encoded, this.#accepted);
  }

  begin(identity: Identity, list: readonly string[] | undefined): void {
    this.#identity = identity;
    this.#note({ note: 'identity', ...identity });
    if (list === undefined) return;
    this.#state.members.found(list);
    this.#note({ note: 'list', addresses: list });
  }

  beginStage(): void {
    this.#isStaging = true;
    this.#staged = emptyStage();
    this.#note({ note: 'stage-begins' });
  }

  /** True when this was the last chunk. Throws `MalformedBytes`, also for a stamp above `stampMax`. */
  stage(chunk: Uint8Array, stampMax: number): boolean {
    stageChunk(this.#staged, chunk, { group: this.group, stampMax });
    const { header } = this.#staged;
    if (header !== undefined) this.#checkOrigins(header.applied);
    this.#note({ note: 'stage', chunk });
    return header !== undefined;
  }

  #checkOrigins(applied: Vector): void {
    if (sequenceOf(applied, this.own.origin) > this.ownSequence) {
      throw new MalformedBytes('A snapshot has more of this replica than it ever wrote.');
    }
    const { accepted } = this.#intake;
    let origins = accepted.size;
    for (const origin of applied.keys()) if (!accepted.has(origin)) origins++;
    if (origins > limits.originsTakenMax) throw new MalformedBytes('There are more origins than can be.');
  }

  abandonStage(): void {
    this.#isStaging = false;
    this.#staged = emptyStage();
  }

  publish(rejoins: Rejoining | undefined): void {
    this.#isPublishing = true;
    this.#note({ note: 'publish', rejoins });
  }

  /** What is staged, and what it would mean for the writes that only this replica has. */
  get staged(): Staged {
    return this.#staged;
  }

  /** The oldest append is durable: it takes effect. */
  settle(): Settled {
    const appended = this.#appended.shift();
    if ('note' in appended) return this.#settleNote(appended.note);
    const encoded = this.#intake.nextDurable();
    assert(encoded === appended.encoded, 'records become durable in the order of the journal');
    const { record } = encoded;
    this.#watch?.applying(record, this.#state);
    return { kind: 'record', record, applied: this.#state.apply(record) };
  }

  /** A record or note of the journal, at a start. Throws `MalformedBytes`. */
  replay(bytes: Uint8Array): void {
    if (!isNote(bytes)) {
      this.#replayRecord(decodeRecord(bytes).record);
      return;
    }
    const note = decodeNote(bytes);
    switch (note.note) {
      case 'identity':
        this.#identity = note;
        break;
      case 'list':
        this.#state.members.found(note.addresses);
        break;
      case 'stage-begins':
        this.#staged = emptyStage();
        break;
      case 'stage':
        stageChunk(this.#staged, new Uint8Array(note.chunk));
        break;
      case 'publish':
        this.#replayPublish(note.rejoins);
        break;
      case 'quarantine-kept':
        this.#forgetQuarantine(note.origin);
        break;
    }
  }

  /** A chunk of the snapshot that the journal begins with. Throws `MalformedBytes`. */
  replaySnapshot(chunk: Uint8Array): void {
    if (isNote(chunk)) {
      this.replay(chunk);
      return;
    }
    stageChunk(this.#staged, chunk);
    if (this.#staged.header === undefined) return;
    const { tail } = this.#staged;
    this.#merge();
    for (const { record } of tail) this.#replayRecord(record);
  }

  /** All is replayed. */
  recovered(): void {
    this.#staged = emptyStage();
    this.#intake = new Intake(this.#state, this.buffers);
    this.#stampMax = this.#state.stampMax;
    this.#state.table.onCollected = this.#watch?.collected;
  }

  identityNote(): Uint8Array {
    return encodeNote({ note: 'identity', ...this.own });
  }

  readonly #accepted = (encoded: Encoded): void => {
    this.#stampMax = Math.max(this.#stampMax, encoded.record.stamp);
    this.#appended.push({ encoded });
    this.#append(encoded.bytes);
  };

  #note(note: Note): void {
    this.#appended.push({ note });
    this.#append(encodeNote(note));
  }

  #settleNote(note: Note): Settled {
    if (note.note !== 'publish') return { kind: 'note' };
    this.#isStaging = false;
    this.#isPublishing = false;
    const keys = this.#staged.writes.length;
    if (note.rejoins !== undefined) {
      return { kind: 'published', keys, quarantine: this.#rejoin(note.rejoins) };
    }
    this.#merge();
    this.#intake.leap();
    this.#stampMax = Math.max(this.#stampMax, this.#state.stampMax);
    return { kind: 'published', keys, quarantine: undefined };
  }

  #replayRecord(record: StoreRecord): void {
    // What is older is in the snapshot already: it was made while the journal went on.
    if (record.sequence > sequenceOf(this.#state.applied, record.origin)) this.#state.apply(record);
  }

  #replayPublish(rejoins: Rejoining | undefined): void {
    if (rejoins === undefined) this.#merge();
    else if (sequenceOf(this.#state.applied, rejoins.origin) === 0) {
      this.#rejoin(rejoins);
    }
  }

  #forgetQuarantine(origin: string): void {
    this.#quarantines = this.#quarantines.filter((quarantine) => quarantine.origin !== origin);
  }

  #merge(): void {
    const { writes, header } = this.#staged;
    this.#staged = emptyStage();
    for (const write of writes) this.#state.table.apply(write);
    must(header, 'the end of a published snapshot').mergeInto(this.#state);
  }

  #rejoin(rejoins: Rejoining): Quarantine {
    const rejoined = rejoin(this.#state, this.#staged, this.own, { ...rejoins, group: this.group });
    const { node, start, origin, address } = rejoins;
    this.#staged = emptyStage();
    this.#identity = { node, start, origin, address };
    this.#state = rejoined.state;
    this.#state.table.onCollected = this.#watch?.collected;
    this.#intake = new Intake(this.#state, this.buffers);
    for (const record of rejoined.records) this.#intake.addApplied({ record, bytes: encodeRecord(record) });
    this.#stampMax = this.#state.stampMax;
    const quarantine = { origin, writes: rejoined.quarantined };
    if (quarantine.writes.length > 0) this.#quarantines.push(quarantine);
    return quarantine;
  }
}

/** Stamps of one millisecond: 2^53 of them last until the year 2248. */
export const stampsPerMs = 1024;

/** The highest stamp that is believed. A clock that has not been set does not make all others absurd. */
export function highestStamp(wallMs: number): number {
  return (Math.max(wallMs, limits.wallMsMin) + limits.stampAheadMsMax) * stampsPerMs;
}
