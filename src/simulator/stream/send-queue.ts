import { assert } from '../../std/index.ts';
import { noBytes } from './segment.ts';

interface Chunk {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/**
 * What one side has written, from the first byte not acknowledged on. Invariant: acknowledged <= sent <=
 * end, where the end of the stream, once said, takes one position behind the last byte.
 */
export class SendQueue {
  #chunks: Chunk[] = [];
  #acknowledged = 0;
  #sent = 0;
  #bytesEnd = 0;
  #ending = false;

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get sent(): number {
    return this.#sent;
  }

  get inFlight(): number {
    return this.#sent - this.#acknowledged;
  }

  get unsentBytes(): number {
    return Math.max(0, this.#bytesEnd - this.#sent);
  }

  /** Bytes, or the end, that were never sent. */
  get hasUnsent(): boolean {
    return this.#sent < this.#end;
  }

  get ending(): boolean {
    return this.#ending;
  }

  /** The end was said, and all of it is acknowledged. */
  get finished(): boolean {
    return this.#ending && this.#acknowledged === this.#end;
  }

  push(bytes: Uint8Array): void {
    assert(!this.#ending, 'nothing is written behind the end of a stream');
    if (bytes.byteLength === 0) return;
    this.#chunks.push({ start: this.#bytesEnd, bytes });
    this.#bytesEnd += bytes.byteLength;
  }

  end(): void {
    this.#ending = true;
  }

  /** Up to `lengthMax` bytes from `position`, and whether the end follows them. */
  slice(position: number, lengthMax: number): { readonly bytes: Uint8Array; readonly end: boolean } {
    const length = Math.max(0, Math.min(lengthMax, this.#bytesEnd - position));
    const end = this.#ending && position + length === this.#bytesEnd;
    if (length === 0) return { bytes: noBytes, end };
    let index = this.#indexOf(position);
    const first = this.#chunks[index] as Chunk;
    const offset = position - first.start;
    if (offset + length <= first.bytes.byteLength) {
      return { bytes: first.bytes.subarray(offset, offset + length), end };
    }
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length; index++) {
      const chunk = this.#chunks[index] as Chunk;
      const from = position + filled - chunk.start;
      const part = chunk.bytes.subarray(from, from + length - filled);
      bytes.set(part, filled);
      filled += part.byteLength;
    }
    return { bytes, end };
  }

  /** What `slice` gave from here was sent for the first time. */
  advance(length: number, end: boolean): void {
    this.#sent += length + (end ? 1 : 0);
    assert(this.#sent <= this.#end, 'no more is sent than was written');
  }

  /** False when it says nothing new. */
  acknowledge(position: number): boolean {
    if (position <= this.#acknowledged || position > this.#sent) return false;
    this.#acknowledged = position;
    let gone = 0;
    for (const { start, bytes } of this.#chunks) {
      if (start + bytes.byteLength > position) break;
      gone++;
    }
    if (gone > 0) this.#chunks.splice(0, gone);
    return true;
  }

  get #end(): number {
    return this.#bytesEnd + (this.#ending ? 1 : 0);
  }

  /** The chunk that holds `position`, by binary search. */
  #indexOf(position: number): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#chunks[middle] as Chunk).start <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
