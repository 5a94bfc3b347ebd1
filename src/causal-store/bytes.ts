/** Thrown by a `ByteReader` for bytes that are none of ours. Caught where bytes come in, nowhere else. */
export class MalformedBytes extends Error {
  override readonly name = 'MalformedBytes';
}

/**
 * Appends numbers and texts to a buffer that grows. Numbers are variable-length (LEB128) up to 2^53 - 1;
 * texts are their UTF-8 length and bytes.
 */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  /** A whole number in [0, 2^53). */
  varint(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  text(text: string): void {
    // Most texts are short and ASCII: their length in bytes is then known before they are written.
    const most = text.length * 3;
    this.#room(most + 8);
    if (text.length < 64 && this.#ascii(text)) return;
    const bytes = Buffer.byteLength(text);
    this.varint(bytes);
    this.#length += this.#bytes.write(text, this.#length, bytes, 'utf8');
  }

  /** The 16 hexadecimal digits of an incarnation or node, as 8 bytes. */
  id(hex: string): void {
    this.#room(8);
    this.#length += this.#bytes.write(hex, this.#length, 8, 'hex');
  }

  bytes(bytes: Uint8Array): void {
    this.#room(bytes.byteLength);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.byteLength;
  }

  /** What was written, as an array of its own; the writer is empty again. */
  take(): Buffer {
    const taken = Buffer.allocUnsafeSlow(this.#length);
    this.#bytes.copy(taken, 0, 0, this.#length);
    this.#length = 0;
    return taken;
  }

  #ascii(text: string): boolean {
    const start = this.#length;
    this.#bytes[start] = text.length;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      this.#bytes[start + 1 + index] = code;
    }
    this.#length = start + 1 + text.length;
    return true;
  }

  #room(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** Reads what a `ByteWriter` wrote. Every read beyond the end throws `MalformedBytes`. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  get position(): number {
    return this.#at;
  }

  u8(): number {
    const value = this.#bytes[this.#at++];
    if (value === undefined) throw new MalformedBytes('The bytes end too early.');
    return value;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw new MalformedBytes('A number is too large.');
      if (byte < 0x80) return value;
      scale *= 0x80;
      if (scale > 2 ** 49) throw new MalformedBytes('A number is too long.');
    }
  }

  text(): string {
    const length = this.varint();
    const start = this.#skip(length);
    return this.#bytes.toString('utf8', start, start + length);
  }

  id(): string {
    const start = this.#skip(8);
    return this.#bytes.toString('hex', start, start + 8);
  }

  /** A view of the bytes given, not a copy. */
  view(length: number): Uint8Array {
    const start = this.#skip(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** A number of things to come, each of at least `bytesMin`: no more than the rest could hold. */
  count(bytesMin: number): number {
    const count = this.varint();
    if (count * bytesMin > this.#bytes.length - this.#at) {
      throw new MalformedBytes('A list is longer than its bytes.');
    }
    return count;
  }

  end(): void {
    if (!this.done) throw new MalformedBytes('There are bytes behind the end.');
  }

  #skip(length: number): number {
    const start = this.#at;
    if (length > this.#bytes.length - start) throw new MalformedBytes('The bytes end too early.');
    this.#at = start + length;
    return start;
  }
}
