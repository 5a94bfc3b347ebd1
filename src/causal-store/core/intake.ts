import { assert } from '../../std/index.ts';
import { type BufferLimits, limits } from '../limits.ts';
import { Log, Queue } from './log.ts';
import type { Dot, Encoded } from './record.ts';
import type { State } from './state.ts';
import { raise, sequenceOf } from './vector.ts';

/** What became of a record that a peer sent. */
export type Taken = 'accepted' | 'known' | 'held' | 'dropped';

/**
 * The way of records into the state: accepted once all they depend on is, in the order of the journal;
 * applied once they are durable. So a record that is visible is on this disk, and so is all it depends on.
 *
 * Invariants: `accepted` is causally closed and contains `state.applied`; what is between the two waits in
 * `#undurable`, in the order it was accepted; what is held is bounded.
 */
export class Intake {
  readonly accepted: Map<string, number>;
  readonly log: Log;
  readonly #buffers: BufferLimits;
  readonly #state: State;
  readonly #undurable = new Queue<Encoded>();
  /** The position in the log behind the last durable record. */
  #durableEnd = 0;
  /** By origin and sequence: records that came before what they depend on. */
  readonly #held = new Map<string, Map<number, Encoded>>();
  #heldBytes = 0;
  #heldRecords = 0;

  constructor(state: State, buffers: BufferLimits = limits) {
    this.#state = state;
    this.#buffers = buffers;
    this.log = new Log({ recordsMax: buffers.logRecordsMax, bytesMax: buffers.logBytesMax });
    this.accepted = new Map(state.applied);
  }

  get durableEnd(): number {
    return this.#durableEnd;
  }

  get undurable(): number {
    return this.#undurable.size;
  }

  get held(): number {
    return this.#heldRecords;
  }

  acceptsAll(dots: readonly Dot[]): boolean {
    for (const dot of dots) if (!this.#state.nodes.covers(this.accepted, dot)) return false;
    return true;
  }

  /** Takes a record whose dependencies are accepted; it must be given to the journal now. */
  accept(encoded: Encoded): void {
    const { record } = encoded;
    assert(record.sequence === sequenceOf(this.accepted, record.origin) + 1, 'a stream has no gap');
    raise(this.accepted, record.origin, record.sequence);
    this.log.append(encoded);
    this.#undurable.push(encoded);
  }

  /** A record from elsewhere. `accepted` ones, and those that this one frees, are told to `accepted`. */
  take(encoded: Encoded, accepted: (encoded: Encoded) => void): Taken {
    const { record } = encoded;
    const next = sequenceOf(this.accepted, record.origin) + 1;
    if (record.sequence < next) return 'known';
    if (next === 1 && this.accepted.size >= limits.originsTakenMax) return 'dropped';
    if (record.sequence > next || !this.acceptsAll(record.dependencies)) return this.#hold(encoded);
    this.accept(encoded);
    accepted(encoded);
    this.#release(accepted);
    return 'accepted';
  }

  /** The oldest record that was not durable is: it may be applied. */
  nextDurable(): Encoded {
    this.#durableEnd++;
    return this.#undurable.shift();
  }

  /** A snapshot was published: the vector has leapt, and the log no longer leads up to it. */
  leap(): void {
    assert(this.#undurable.size === 0, 'a snapshot is published behind all that was accepted');
    for (const [origin, sequence] of this.#state.applied) raise(this.accepted, origin, sequence);
    this.log.clear();
    this.#durableEnd = this.log.end;
    this.#dropKnown();
  }

  /** A record that the state has already, and peers may want to have from here. */
  addApplied(encoded: Encoded): void {
    this.log.append(encoded);
    this.#durableEnd++;
  }

  /** Accepted and not applied yet, oldest first. */
  *waiting(): Generator<Encoded> {
    for (let number = this.#undurable.start; number < this.#undurable.end; number++) {
      yield this.#undurable.at(number);
    }
  }

  /** Gives up what waits for something that may never come; it is sent again by whoever has it. */
  dropHeld(): void {
    this.#held.clear();
    this.#heldBytes = 0;
    this.#heldRecords = 0;
  }

  #hold(encoded: Encoded): Taken {
    const { origin, sequence } = encoded.record;
    const size = encoded.bytes.byteLength;
    let held = this.#held.get(origin);
    const isNewOrigin = held === undefined && this.#held.size >= limits.heldOriginsMax;
    const { heldRecordsMax, heldBytesMax } = this.#buffers;
    const isFull = this.#heldRecords >= heldRecordsMax || this.#heldBytes + size > heldBytesMax;
    if (isNewOrigin || isFull) return 'dropped';
    if (held === undefined) {
      held = new Map();
      this.#held.set(origin, held);
    }
    if (held.has(sequence)) return 'known';
    // Else it would keep the whole message it came in.
    held.set(sequence, { record: encoded.record, bytes: new Uint8Array(encoded.bytes) });
    this.#heldRecords++;
    this.#heldBytes += size;
    return 'held';
  }

  /** Accepts what is held and can be now; one may free another, in any stream. */
  #release(accepted: (encoded: Encoded) => void): void {
    for (let hasAccepted = this.#heldRecords > 0; hasAccepted; ) {
      hasAccepted = false;
      for (const [origin, held] of this.#held) {
        for (;;) {
          const sequence = sequenceOf(this.accepted, origin) + 1;
          const encoded = held.get(sequence);
          if (encoded === undefined || !this.acceptsAll(encoded.record.dependencies)) break;
          this.#unhold(origin, held, sequence);
          this.accept(encoded);
          accepted(encoded);
          hasAccepted = true;
        }
      }
    }
  }

  #dropKnown(): void {
    for (const [origin, held] of this.#held) {
      for (const sequence of held.keys()) {
        if (sequence <= sequenceOf(this.accepted, origin)) this.#unhold(origin, held, sequence);
      }
    }
  }

  #unhold(origin: string, held: Map<number, Encoded>, sequence: number): void {
    this.#heldBytes -= held.get(sequence)?.bytes.byteLength ?? 0;
    this.#heldRecords--;
    held.delete(sequence);
    if (held.size === 0) this.#held.delete(origin);
  }
}
