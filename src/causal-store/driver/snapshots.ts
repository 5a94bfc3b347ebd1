import type { Clock } from '../../host/index.ts';
import type { Link, LinkStream, StreamHandlers } from '../../link/index.ts';
import type { Incoming } from '../core/events.ts';
import type { Scan } from '../core/scan.ts';
import { limits } from '../limits.ts';
import { encodeSnapshotHead, type SnapshotHead, snapshotStream } from '../messages.ts';
import type { PeerListener } from './peers.ts';
import { StallWatch } from './stall-watch.ts';

const lengthBytes = 4;

/**
 * Reads a snapshot chunk by chunk, one a turn, as fast as the peer takes it. Each goes with its length. While
 * it is read nothing may be forgotten: a peer that takes no more of it is given up.
 */
export class SnapshotSender {
  readonly #clock: Clock;
  readonly #scan: Scan;
  readonly #done: () => void;
  readonly #watch: StallWatch;
  #stream: LinkStream | undefined;
  #pending: Uint8Array | undefined;
  #isOver = false;
  #isTurnDue = false;

  constructor(clock: Clock, scan: Scan, done: () => void) {
    this.#clock = clock;
    this.#scan = scan;
    this.#done = done;
    this.#watch = new StallWatch(clock, () => this.#giveUp());
  }

  start(link: Link | undefined, head: SnapshotHead): void {
    this.#stream = link?.openStream(snapshotStream, encodeSnapshotHead(head), {
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
    if (!isTaken) return;
    this.#watch.moved();
    this.#turn();
  }

  #giveUp(): void {
    this.#stream?.reset('Nothing more of the snapshot was taken for too long.');
    this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#watch.stop();
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
 * has come finds room on the way to the disk: a disk slower than the link holds the stream back. A sender
 * that sends nothing more is given up: another may have it.
 */
export class SnapshotReceiver implements StreamHandlers {
  readonly #incoming: Incoming;
  readonly #stream: LinkStream;
  readonly #listener: PeerListener;
  readonly #over: (receiver: SnapshotReceiver) => void;
  readonly #watch: StallWatch;
  #parts: Uint8Array[] = [];
  #length = 0;
  /** Of the chunk that is coming; undefined until its head is there. */
  #wanted: number | undefined;
  #unconsumed = 0;

  constructor(options: {
    readonly clock: Clock;
    readonly incoming: Incoming;
    readonly stream: LinkStream;
    readonly listener: PeerListener;
    readonly over: (receiver: SnapshotReceiver) => void;
  }) {
    this.#incoming = options.incoming;
    this.#stream = options.stream;
    this.#listener = options.listener;
    this.#over = options.over;
    this.#watch = new StallWatch(options.clock, () => this.#giveUp());
  }

  data(bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return;
    this.#parts.push(bytes);
    this.#length += bytes.byteLength;
    this.#unconsumed += bytes.byteLength;
    this.#watch.moved();
    for (let chunk = this.#take(); chunk !== undefined; chunk = this.#take()) {
      this.#listener.snapshotChunk(this.#incoming, chunk);
    }
    this.resume();
  }

  /** There may be room for more on the way to the disk. */
  resume(): void {
    if (this.#unconsumed === 0 || !this.#listener.canStage()) return;
    const bytes = this.#unconsumed;
    this.#unconsumed = 0;
    this.#watch.moved();
    this.#stream.consumed(bytes);
  }

  #giveUp(): void {
    // It is this side that holds it back.
    if (this.#unconsumed > 0) this.#watch.moved();
    else this.#stream.reset('Nothing more of the snapshot has come for too long.');
  }

  ended(): void {
    this.#stream.end();
  }

  closed(): void {
    this.#unconsumed = 0;
    this.#watch.stop();
    this.#over(this);
    // After the last chunk this means nothing any more.
    this.#listener.snapshotLost(this.#incoming);
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
