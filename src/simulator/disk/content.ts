/** A file's bytes, in memory that grows by doubling. */
export class Content {
  #bytes: Uint8Array<ArrayBuffer>;
  #length: number;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.#bytes = new Uint8Array(bytes);
    this.#length = bytes.byteLength;
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
  }

  /** Cuts, or extends with zeros. */
  truncate(length: number): void {
    if (length < this.#length) {
      this.#bytes.fill(0, length, this.#length);
    } else if (length > this.#bytes.byteLength) {
      const grown = new Uint8Array(Math.max(length, this.#bytes.byteLength * 2, 256));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#length = length;
  }

  /** Flips bits of one byte. */
  flip(position: number, mask: number): void {
    if (position < this.#length) this.#bytes[position] = (this.#bytes[position] ?? 0) ^ mask;
  }

  copy(): Content {
    return new Content(this.#bytes.subarray(0, this.#length));
  }
}
