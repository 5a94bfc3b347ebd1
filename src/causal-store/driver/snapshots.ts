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

/** Puts the chunks of a snapshot together again from the bytes of its stream. */
export class SnapshotReceiver implements StreamHandlers {
  readonly #from: string;
  readonly #epoch: number;
  readonly #stream: LinkStream;
  readonly #listener: PeerListener;
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(from: string, payload: Uint8Array, stream: LinkStream, listener: PeerListener) {
    this.#from = from;
    this.#stream = stream;
    this.#listener = listener;
    this.#epoch = epochIn(payload);
    listener.snapshotBegins(from, this.#epoch);
  }

  data(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#length += bytes.byteLength;
    this.#stream.consumed(bytes.byteLength);
    for (;;) {
      const chunk = this.#take();
      if (chunk === undefined) return;
      this.#listener.snapshotChunk(this.#from, this.#epoch, chunk);
    }
  }

  ended(): void {
    this.#stream.end();
  }

  closed(): void {
    // After the last chunk this means nothing any more.
    this.#listener.snapshotLost(this.#from, this.#epoch);
  }

  #take(): Uint8Array | undefined {
    if (this.#length < lengthBytes) return undefined;
    const all = this.#parts.length === 1 ? (this.#parts[0] as Uint8Array) : Buffer.concat(this.#parts);
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
    const length = view.getUint32(0, true);
    if (length > limits.snapshotChunkBytesMax) {
      this.#stream.reset('A chunk of the snapshot is too long.');
      this.#parts = [];
      this.#length = 0;
      return undefined;
    }
    if (all.byteLength < lengthBytes + length) {
      this.#parts = [all];
      return undefined;
    }
    const rest = all.subarray(lengthBytes + length);
    this.#parts = rest.byteLength === 0 ? [] : [rest];
    this.#length = rest.byteLength;
    return all.subarray(lengthBytes, lengthBytes + length);
  }
}

/** A peer whose numbers make no sense is not waited for: no epoch is 0. */
function epochIn(payload: Uint8Array): number {
  try {
    return new ByteReader(payload).varint();
  } catch (error) {
    if (error instanceof MalformedBytes) return 0;
    throw error;
  }
}
