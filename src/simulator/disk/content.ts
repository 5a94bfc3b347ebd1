import { limits } from '../limits.ts';

/** A file's bytes, in memory that grows by doubling, and which of its blocks have been given room. */
export class Content {
  #bytes: Uint8Array<ArrayBuffer>;
  #length: number;
  /** By number. A gap, or what a file was extended by, takes no room until it is written. */
  readonly #blocks: Set<number>;

  constructor(bytes: Uint8Array = new Uint8Array(0), blocks: Iterable<number> = []) {
    this.#bytes = new Uint8Array(bytes);
    this.#length = bytes.byteLength;
    this.#blocks = new Set(blocks);
  }

  get length(): number {
    return this.#length;
  }

  /** A copy of up to `length` bytes; fewer at the end. */
  read(position: number, length: number): Uint8Array {
    return this.#bytes.slice(Math.min(position, this.#length), Math.min(position + length, this.#length));
  }

  /** A gap before `position` reads as zeros. */
  write(position: number, bytes: Uint8Array): void {
    const end = position + bytes.byteLength;
    if (end > this.#length) this.truncate(end);
    this.#bytes.set(bytes, position);
    for (let block = blockAt(position); block * limits.blockBytes < end; block++) this.#blocks.add(block);
  }

  /** Cuts, or extends with zeros. */
  truncate(length: number): void {
    if (length < this.#length) {
      this.#bytes.fill(0, length, this.#length);
      for (const block of this.#blocks) if (block * limits.blockBytes >= length) this.#blocks.delete(block);
    } else if (length > this.#bytes.byteLength) {
      const grown = new Uint8Array(Math.max(length, this.#bytes.byteLength * 2, 256));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#length = length;
  }

  /** How many have room on the disk. */
  get blocks(): number {
    return this.#blocks.size;
  }

  /**
   * How many of `length` bytes from `position` on can be written if the disk has so many blocks to give. A
   * block half used has room for more on some file systems only, so where there is none to give there is
   * none behind the end.
   */
  roomAt(position: number, length: number, freeBlocks: number): number {
    const end = freeBlocks === 0 ? Math.min(position + length, this.#length) : position + length;
    let at = position;
    for (let free = freeBlocks; at < end; at = (blockAt(at) + 1) * limits.blockBytes) {
      if (!this.#blocks.has(blockAt(at)) && --free < 0) break;
    }
    return Math.max(0, Math.min(at, end) - position);
  }

  /** Flips bits of one byte. */
  flip(position: number, mask: number): void {
    if (position < this.#length) this.#bytes[position] = (this.#bytes[position] ?? 0) ^ mask;
  }

  copy(): Content {
    return new Content(this.#bytes.subarray(0, this.#length), this.#blocks);
  }
}

function blockAt(position: number): number {
  return Math.floor(position / limits.blockBytes);
}
