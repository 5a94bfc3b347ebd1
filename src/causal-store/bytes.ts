/** Thrown by a `ByteReader` for bytes that are none of ours. Caught where bytes come in, nowhere else. */
export class MalformedBytes extends Error {
  override readonly name = 'MalformedBytes';
}

/** What is taken of a writer lies in slabs of this size, unless it is a good part of one. */
const slabBytes = 64 * 1024;
const ownSlabBytesMin = slabBytes / 8;
const emptyBuffer = Buffer.alloc(0);

/**
 * Appends numbers and texts to a buffer that grows. Numbers are variable-length (LEB128) up to 2^53 - 1;
 * texts are their UTF-8 length and bytes.
 */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;
  #slab: Buffer = emptyBuffer;
  /** How much of the slab is taken. */
  #slabEnd = 0;

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
    this.#bytes.set(idsWritten.bytesOf(hex), this.#length);
    this.#length += 8;
  }

  bytes(bytes: Uint8Array): void {
    this.#room(bytes.byteLength);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.byteLength;
  }

  /**
   * What was written, which is never written over; the writer is empty again. It shares its memory with what
   * was taken of this writer before and after: a writer each for what is kept for long and what is not.
   */
  take(): Buffer {
    const length = this.#length;
    this.#length = 0;
    if (length >= ownSlabBytesMin) return Buffer.copyBytesFrom(this.#bytes, 0, length);
    if (this.#slab.length - this.#slabEnd < length) {
      // An allocation for each record costs more than all else there is to writing it.
      this.#slab = Buffer.allocUnsafeSlow(slabBytes);
      this.#slabEnd = 0;
    }
    const start = this.#slabEnd;
    this.#slabEnd += length;
    this.#bytes.copy(this.#slab, start, 0, length);
    return this.#slab.subarray(start, start + length);
  }

  /** What was written, as base64url text; the writer is empty again. */
  takeText(): string {
    const text = this.#bytes.toString('base64url', 0, this.#length);
    this.#length = 0;
    return text;
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
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
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
    return idsRead.textAt(this.#bytes, this.#skip(8));
  }

  /** A view of the bytes given, not a copy. */
  view(length: number): Uint8Array {
    const start = this.#skip(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** All that is left, not copied. */
  rest(): Uint8Array {
    return this.view(this.#bytes.length - this.#at);
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

/**
 * Incarnations and nodes as text and as bytes: few, and in every record. Each has a place by its last digits;
 * whoever comes later takes it over.
 */
class KnownIds {
  readonly #texts = new Array<string>(256).fill('');
  readonly #bytes = new Array<Uint8Array>(256).fill(emptyBuffer);

  bytesOf(hex: string): Uint8Array {
    const place = ((hex.charCodeAt(14) << 4) ^ hex.charCodeAt(15)) & 0xff;
    if (this.#texts[place] !== hex) this.#keep(place, hex);
    return this.#bytes[place] as Uint8Array;
  }

  textAt(bytes: Buffer, start: number): string {
    const place = bytes[start + 7] as number;
    if (!isAt(this.#bytes[place] as Uint8Array, bytes, start)) {
      this.#keep(place, bytes.toString('hex', start, start + 8));
    }
    return this.#texts[place] as string;
  }

  #keep(place: number, hex: string): void {
    this.#texts[place] = hex;
    this.#bytes[place] = Buffer.from(hex, 'hex');
  }
}

function isAt(id: Uint8Array, bytes: Buffer, start: number): boolean {
  for (let index = 0; index < 8; index++) if (id[index] !== bytes[start + index]) return false;
  return true;
}

const idsWritten = new KnownIds();
const idsRead = new KnownIds();
