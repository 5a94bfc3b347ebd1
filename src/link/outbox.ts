import { headerBytes, writeHeader } from './wire.ts';

/** A quiet link holds one small piece; one that fills it faster than it is taken gets large ones. */
const pieceBytes = 16 * 1024;
const busyPieceBytes = 64 * 1024;
/** To copy a longer payload costs more than to write it by itself: making the room does, not the copying. */
const copiedBytesMax = 32 * 1024;
const nothing = new Uint8Array(0);

/**
 * Frames on their way out, put together as the bytes that will be written: few writes, and each byte copied
 * once; a long payload not at all, so none must change any more.
 */
export class Outbox {
  #pieces: Uint8Array[] = [];
  /** The piece being filled; what lies before `#start` has been taken. */
  #piece: Uint8Array = nothing;
  #start = 0;
  #end = 0;
  #bytes = 0;
  #totalBytes = 0;

  /** Waiting to be taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Ever put in. What is at or before `totalBytes - bytes` has been taken. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  put(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#piece.set(bytes, this.#end);
    this.#advance(bytes.length);
  }

  frame(type: number, kind = 0, id = 0, payload: Uint8Array = nothing): void {
    const { length } = payload;
    const isCopied = length <= copiedBytesMax;
    this.#reserve(headerBytes + (isCopied ? length : 0));
    writeHeader(this.#piece, this.#end, type, kind, id, length);
    if (isCopied) {
      this.#piece.set(payload, this.#end + headerBytes);
      this.#advance(headerBytes + length);
    } else {
      this.#advance(headerBytes);
      this.#pushCut();
      this.#pieces.push(payload);
      this.#count(length);
    }
  }

  /** The next bytes to write, not to be changed. Undefined when there are none. */
  take(): Uint8Array | undefined {
    const bytes = this.#pieces.shift() ?? this.#cut();
    if (bytes !== undefined) this.#bytes -= bytes.length;
    return bytes;
  }

  clear(): void {
    this.#pieces = [];
    this.#piece = nothing;
    this.#start = 0;
    this.#end = 0;
    this.#bytes = 0;
  }

  #advance(length: number): void {
    this.#end += length;
    this.#count(length);
  }

  #count(length: number): void {
    this.#bytes += length;
    this.#totalBytes += length;
  }

  #reserve(length: number): void {
    if (this.#end + length <= this.#piece.length) return;
    const isBusy = this.#start < this.#end;
    this.#pushCut();
    this.#piece = new Uint8Array(Math.max(isBusy ? busyPieceBytes : pieceBytes, length));
    this.#start = 0;
    this.#end = 0;
  }

  #pushCut(): void {
    const bytes = this.#cut();
    if (bytes !== undefined) this.#pieces.push(bytes);
  }

  #cut(): Uint8Array | undefined {
    if (this.#start === this.#end) return undefined;
    const bytes = this.#piece.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return bytes;
  }
}
