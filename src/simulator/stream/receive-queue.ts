import { limits } from '../limits.ts';

interface Piece {
  readonly position: number;
  readonly bytes: Uint8Array;
  readonly end: boolean;
}

/** Puts a stream's bytes, which arrive late, twice and out of order, in order again. */
export class ReceiveQueue {
  #expected = 0;
  #ended = false;
  #strays: Piece[] = [];
  #unread: Uint8Array[] = [];
  #unreadBytes = 0;

  /** The position everything before which has arrived. */
  get expected(): number {
    return this.#expected;
  }

  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  /** Room for bytes that nobody has read yet. */
  get windowBytes(): number {
    return Math.max(0, limits.receiveBytesMax - this.#unreadBytes);
  }

  /** The end has arrived and everything before it was taken. */
  get finished(): boolean {
    return this.#ended && this.#unread.length === 0;
  }

  accept(position: number, bytes: Uint8Array, end: boolean): void {
    if (position > this.#expected) {
      const fits = position + bytes.byteLength <= this.#expected + limits.receiveBytesMax;
      const index = this.#strays.findIndex((piece) => piece.position === position);
      // Of two that start together the later is kept: a sender only ever adds to what it sends again.
      if (fits) this.#strays.splice(index < 0 ? 0 : index, index < 0 ? 0 : 1, { position, bytes, end });
      return;
    }
    this.#append({ position, bytes, end });
    while (this.#strays.length > 0) {
      const index = this.#strays.findIndex((piece) => piece.position <= this.#expected);
      if (index < 0) return;
      for (const piece of this.#strays.splice(index, 1)) this.#append(piece);
    }
  }

  /** The next bytes in order; the taker's to keep. */
  take(): Uint8Array | undefined {
    const bytes = this.#unread.shift();
    if (bytes !== undefined) this.#unreadBytes -= bytes.byteLength;
    return bytes;
  }

  clear(): void {
    this.#unread = [];
    this.#unreadBytes = 0;
    this.#strays = [];
  }

  #append({ position, bytes, end }: Piece): void {
    if (this.#ended) return;
    const known = this.#expected - position;
    if (known > bytes.byteLength) return;
    if (known < bytes.byteLength) {
      // A copy: the sender's array may be sent again, and the receiver may change its own.
      const fresh = bytes.slice(known);
      this.#unread.push(fresh);
      this.#unreadBytes += fresh.byteLength;
      this.#expected += fresh.byteLength;
    }
    if (end) {
      this.#ended = true;
      this.#expected++;
    }
  }
}
