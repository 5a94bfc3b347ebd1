import type { Segment } from './segment.ts';
import { blockBytes, frameBytes, writeBlock, writeFrame } from './wire.ts';

const initialBytes = 4096;

/** Memory that a batch may fill; the next takes it over, so that a busy journal asks for none. */
export class BatchMemory {
  bytes = new Uint8Array(initialBytes);
  view = new DataView(this.bytes.buffer);

  /** Keeps the first `kept` bytes. */
  grow(kept: number, wanted: number): void {
    if (wanted <= this.bytes.byteLength) return;
    const grown = new Uint8Array(Math.max(wanted, this.bytes.byteLength * 2));
    grown.set(this.bytes.subarray(0, kept));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }
}

/** Records that go to the disk in one write, as they will stand there. */
export class Batch {
  readonly segment: Segment;
  /** Position of its first record. */
  readonly first: number;
  /** Where in the segment it goes. */
  readonly offset: number;
  readonly durables: (() => void)[] = [];
  /** Told as well, and also when the batch is given up. */
  readonly settled: (() => void)[] = [];
  readonly memory: BatchMemory;
  #length = 0;
  #records = 0;

  /** Begins behind what is reserved in the segment; with the segment's header, if it is the first. */
  constructor(segment: Segment, position: number, memory: BatchMemory) {
    this.segment = segment;
    this.first = position;
    this.memory = memory;
    this.offset = segment.usedBytes;
    if (this.offset > 0) return;
    writeBlock(memory.view, 'HFsegmnt', segment.number, position);
    this.#length = blockBytes;
    segment.usedBytes = blockBytes;
  }

  get records(): number {
    return this.#records;
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): Uint8Array {
    return this.memory.bytes.subarray(0, this.#length);
  }

  /** Copies the record, and takes its place in the segment. */
  add(payload: Uint8Array, sequence: number, durable: () => void): void {
    this.memory.grow(this.#length, this.#length + frameBytes + payload.byteLength);
    const end = writeFrame(this.memory, this.#length, { payload, sequence, opens: this.#length === 0 });
    this.segment.usedBytes += end - this.#length;
    this.#length = end;
    this.#records++;
    this.durables.push(durable);
  }
}
