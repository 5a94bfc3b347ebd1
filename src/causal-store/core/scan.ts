import { ByteReader, ByteWriter, MalformedBytes } from '../bytes.ts';
import { type BufferLimits, limits } from '../limits.ts';
import { decodeRecord, encodeRecord } from '../wire.ts';
import { type Header, readHeader, writeHeader } from './header.ts';
import type { Encoded, Write } from './record.ts';
import type { State } from './state.ts';
import { coversDot, type Vector } from './vector.ts';

const chunkKinds = { entries: 1, end: 2, endPiece: 3 } as const;

export interface ScanOptions {
  /** Only what somebody with this vector lacks; all of it without one. */
  readonly beyond?: Vector | undefined;
  /** Records that are accepted and not yet applied, for a snapshot that takes the place of a journal. */
  readonly tail?: () => Iterable<Encoded>;
  readonly buffers?: BufferLimits | undefined;
}

const nothing = new Uint8Array(0);

/** Apart from that of records which are kept: they share their memory with what is written next to them. */
const scratch = new ByteWriter(4096);

/**
 * A snapshot of a state that goes on changing: its keys are read a few at a time, those that change behind
 * the reader are read again, and the end, made in one step, holds what is left of them and the vector of that
 * very moment. So what is sent is the state as it was at its end. A long end goes in several chunks.
 */
export class Scan {
  readonly #state: State;
  readonly #beyond: Vector | undefined;
  readonly #tail: () => Iterable<Encoded>;
  readonly #buffers: BufferLimits;
  readonly #writes: Iterator<Write>;
  readonly #unobserve: () => void;
  readonly #writer = new ByteWriter(limits.snapshotChunkBytes + 4096);
  #changed = new Set<string>();
  #isScanned = false;
  #isEnded = false;
  /** Of the end: what has not been handed out yet. */
  #rest: Uint8Array = nothing;

  constructor(state: State, options: ScanOptions = {}) {
    this.#state = state;
    this.#beyond = options.beyond;
    this.#tail = options.tail ?? (() => []);
    this.#buffers = options.buffers ?? limits;
    this.#writes = state.table.writes();
    this.#unobserve = state.table.observe((key) => this.#changed.add(key));
  }

  /** The next chunk; undefined after the last. */
  next(): Uint8Array | undefined {
    if (this.#isEnded) return this.#rest.byteLength === 0 ? undefined : this.#nextPiece();
    this.#writer.u8(chunkKinds.entries);
    this.#isScanned ||= this.#scan();
    if (!this.#isScanned) return this.#writer.take();
    if (this.#isRestLong()) {
      this.#again();
      return this.#writer.take();
    }
    this.#rest = this.#end();
    this.#isEnded = true;
    this.#unobserve();
    return this.#withPiece();
  }

  /** Nobody wants the rest. */
  close(): void {
    this.#isEnded = true;
    this.#rest = nothing;
    this.#unobserve();
  }

  /** True when every key has been read. */
  #scan(): boolean {
    for (let count = 0; count < this.#buffers.scanEntriesPerTurn; count++) {
      if (this.#writer.length >= limits.snapshotChunkBytes) return false;
      const { done, value } = this.#writes.next();
      if (done === true) return true;
      this.#put(value);
    }
    return false;
  }

  /** What is left has to be sent in one go, while nothing else is done. */
  #isRestLong(): boolean {
    if (this.#changed.size > this.#buffers.scanRestMax) return true;
    let characters = 0;
    for (const key of this.#changed) characters += this.#state.table.get(key)?.value?.length ?? 0;
    return characters > limits.scanRestCharactersMax;
  }

  #again(): void {
    for (const key of this.#changed) {
      if (this.#writer.length >= limits.snapshotPieceBytes) return;
      this.#changed.delete(key);
      this.#put(this.#state.table.get(key));
    }
  }

  #put(write: Write | undefined, to = this.#writer): void {
    if (write === undefined || (this.#beyond !== undefined && coversDot(this.#beyond, write))) return;
    const isStable = coversDot(this.#state.claims.stable, write);
    const bytes = encodeRecord(isStable ? { ...write, dependencies: [] } : write, scratch);
    to.varint(bytes.byteLength);
    to.bytes(bytes);
  }

  #end(): Uint8Array {
    const writer = new ByteWriter();
    for (const key of this.#changed) this.#put(this.#state.table.get(key), writer);
    writer.varint(0);
    writeHeader(writer, this.#state);
    for (const { bytes } of this.#tail()) {
      writer.varint(bytes.byteLength);
      writer.bytes(bytes);
    }
    return writer.take();
  }

  #nextPiece(): Uint8Array {
    this.#writer.u8(chunkKinds.entries);
    return this.#withPiece();
  }

  /** The chunk begun, with the next piece of the end behind its entries. */
  #withPiece(): Uint8Array {
    const piece = this.#rest.subarray(0, limits.snapshotPieceBytes);
    this.#rest = this.#rest.subarray(piece.byteLength);
    this.#writer.varint(0);
    this.#writer.u8(this.#rest.byteLength === 0 ? chunkKinds.end : chunkKinds.endPiece);
    this.#writer.bytes(piece);
    return this.#writer.take();
  }
}

export interface Staged {
  readonly writes: Write[];
  /** Of the end: what has come of it. */
  readonly pieces: Uint8Array[];
  /** All of them together. */
  endBytes: number;
  header: Header | undefined;
  /** Records behind the header's vector, in the order they were accepted. */
  readonly tail: Encoded[];
}

export function emptyStage(): Staged {
  return { writes: [], pieces: [], endBytes: 0, header: undefined, tail: [] };
}

/** What a snapshot of somebody else must keep to. */
export interface StageBounds {
  readonly group: number;
  readonly stampMax: number;
}

/** Adds a chunk to what is staged. Throws `MalformedBytes`; the stage is then of no use. */
export function stageChunk(staged: Staged, chunk: Uint8Array, bounds?: StageBounds): void {
  const reader = new ByteReader(chunk);
  if (staged.header !== undefined) throw new MalformedBytes('A snapshot goes on behind its end.');
  if (reader.u8() !== chunkKinds.entries) throw new MalformedBytes('A chunk of a snapshot is unknown.');
  if (stageWrites(staged, reader, bounds)) stageEnd(staged, reader, bounds);
}

/** True when they end with a mark, behind which there is something else. */
function stageWrites(staged: Staged, reader: ByteReader, bounds: StageBounds | undefined): boolean {
  while (!reader.done) {
    const length = reader.varint();
    if (length === 0) return true;
    const { record } = decodeRecord(reader.view(length));
    if (record.kind !== 'write') throw new MalformedBytes('A snapshot holds writes only.');
    if (bounds !== undefined) {
      if (record.stamp > bounds.stampMax) throw new MalformedBytes('A stamp lies too far ahead.');
      if (record.group !== bounds.group) throw new MalformedBytes('A record is of another group.');
    }
    staged.writes.push(record);
  }
  return false;
}

function stageEnd(staged: Staged, chunk: ByteReader, bounds: StageBounds | undefined): void {
  const kind = chunk.u8();
  if (kind !== chunkKinds.end && kind !== chunkKinds.endPiece) {
    throw new MalformedBytes('A chunk of a snapshot is unknown.');
  }
  const { pieces } = staged;
  const piece = chunk.rest();
  if (piece.byteLength === 0) throw new MalformedBytes('A piece of a snapshot is empty.');
  pieces.push(piece);
  staged.endBytes += piece.byteLength;
  if (staged.endBytes > limits.snapshotEndBytesMax)
    throw new MalformedBytes('The end of a snapshot is too long.');
  if (kind === chunkKinds.endPiece) return;
  const reader = new ByteReader(pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces));
  pieces.length = 0;
  if (!stageWrites(staged, reader, bounds)) throw new MalformedBytes('A snapshot has no end.');
  staged.header = readHeader(reader);
  if (bounds !== undefined && staged.header.highestStamp > bounds.stampMax) {
    throw new MalformedBytes('A stamp lies too far ahead.');
  }
  while (!reader.done) staged.tail.push(decodeRecord(reader.view(reader.varint())));
}
