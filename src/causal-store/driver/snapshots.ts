import type { Clock } from '../../host/index.ts';
import type { Link, LinkStream, StreamHandlers } from '../../link/index.ts';
import { ByteReader, ByteWriter, MalformedBytes } from '../bytes.ts';
import type { Scan } from '../core/scan.ts';
import { limits } from '../limits.ts';
import { snapshotStream } from '../messages.ts';
import type { PeerListener } from './peers.ts';

const lengthBytes = 4;

/** Reads a snapshot chunk by chunk, one a turn, as fast as the peer takes it. Each goes with its length. */
export class SnapshotSender {
  readonly #clock: Clock;
  readonly #scan: Scan;
  readonly #done: () => void;
  #stream: LinkStream | undefined;
  #pending: Uint8Array | undefined;
  #isOver = false;
  #isTurnDue = false;

  constructor(clock: Clock, scan: Scan, done: () => void) {
    this.#clock = clock;
    this.#scan = scan;
    this.#done = done;
  }

  start(link: Link | undefined, epoch: number): void {
    const header = new ByteWriter(16);
    header.varint(epoch);
    this.#stream = link?.openStream(snapshotStream, header.take(), {
      data: () => {},
      writable: () => this.#turn(),
      closed: () => this.#end(),
    });
    if (this.#stream === undefined) this.#clock.setTimer(0, () => this.#end());
    else this.#turn();
  }

  #turn(): void {
    if (this.#isTurnDue || this.#isOver) return;
    this.#isTurnDue = true;
    this.#clock.setTimer(0, () => {
      this.#isTurnDue = false;
      this.#write();
    });
  }

  #write(): void {
    if (this.#isOver || this.#stream === undefined) return;
    const framed = this.#pending ?? framedChunk(this.#scan.next());
    if (framed === undefined) {
      this.#stream.end();
      this.#end();
      return;
    }
    const isTaken = this.#stream.write(framed);
    this.#pending = isTaken ? undefined : framed;
    if (isTaken) this.#turn();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#done();
  }
}

function framedChunk(chunk: Uint8Array | undefined): Uint8Array | undefined {
  if (chunk === undefined) return undefined;
  const framed = Buffer.allocUnsafe(lengthBytes + chunk.byteLength);
  framed.writeUInt32LE(chunk.byteLength, 0);
  framed.set(chunk, lengthBytes);
  return framed;
}

/**
 * Puts the chunks of a snapshot together again from the bytes of its stream. The sender may go on while what
 * has come finds room on the way to the disk: a disk slower than the link holds the stream back.
 */
export class SnapshotReceiver implements StreamHandlers {
  readonly #from: string;
  readonly #epoch: number;
  readonly #stream: LinkStream;
  readonly #listener: PeerListener;
  readonly #over: (receiver: SnapshotReceiver) => void;
  #parts: Uint8Array[] = [];
  #length = 0;
  /** Of the chunk that is coming; undefined until its head is there. */
  #wanted: number | undefined;
  #unconsumed = 0;

  constructor(options: {
    readonly from: string;
    readonly epoch: number;
    readonly stream: LinkStream;
    readonly listener: PeerListener;
    readonly over: (receiver: SnapshotReceiver) => void;
  }) {
    this.#from = options.from;
    this.#epoch = options.epoch;
    this.#stream = options.stream;
    this.#listener = options.listener;
    this.#over = options.over;
  }

  data(bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return;
    this.#parts.push(bytes);
    this.#length += bytes.byteLength;
    this.#unconsumed += bytes.byteLength;
    for (let chunk = this.#take(); chunk !== undefined; chunk = this.#take()) {
      this.#listener.snapshotChunk(this.#from, this.#epoch, chunk);
    }
    this.resume();
  }

  /** There may be room for more on the way to the disk. */
  resume(): void {
    if (this.#unconsumed === 0 || !this.#listener.canStage()) return;
    const bytes = this.#unconsumed;
    this.#unconsumed = 0;
    this.#stream.consumed(bytes);
  }

  ended(): void {
    this.#stream.end();
  }

  closed(): void {
    this.#unconsumed = 0;
    this.#over(this);
    // After the last chunk this means nothing any more.
    this.#listener.snapshotLost(this.#from, this.#epoch);
  }

  /** The next chunk, when all of it is there. */
  #take(): Uint8Array | undefined {
    if (this.#wanted === undefined) {
      if (this.#length < lengthBytes) return undefined;
      const head = this.#joined();
      this.#wanted = new DataView(head.buffer, head.byteOffset).getUint32(0, true);
      if (this.#wanted > limits.snapshotChunkBytesMax) {
        this.#stream.reset('A chunk of the snapshot is too long.');
        this.#parts = [];
        this.#length = 0;
        return undefined;
      }
    }
    const end = lengthBytes + this.#wanted;
    if (this.#length < end) return undefined;
    const all = this.#joined();
    const rest = all.subarray(end);
    this.#parts = rest.byteLength === 0 ? [] : [rest];
    this.#length = rest.byteLength;
    this.#wanted = undefined;
    return all.subarray(lengthBytes, end);
  }

  #joined(): Uint8Array {
    const all = this.#parts.length === 1 ? (this.#parts[0] as Uint8Array) : Buffer.concat(this.#parts);
    this.#parts = [all];
    return all;
  }
}

/** A peer whose numbers make no sense is not waited for: no epoch is 0. */
export function epochIn(payload: Uint8Array): number {
  try {
    return new ByteReader(payload).varint();
  } catch (error) {
    if (error instanceof MalformedBytes) return 0;
    throw error;
  }
}
