import { limits } from './limits.ts';

/**
 * FNV-1a (Fowler, Noll, Vo) with 64 bits, folding words instead of bytes. Two halves: BigInt is too slow.
 */
export class TraceHash {
  #high = 0xcbf29ce4;
  #low = 0x84222325;

  word(word: number): void {
    const low = (this.#low ^ word) >>> 0;
    // The prime is 2^40 + 435: the product's high half gains low << 8 from the first term.
    const product = low * 435;
    this.#low = product >>> 0;
    this.#high = (Math.imul(this.#high, 435) + Math.floor(product / 0x1_0000_0000) + (low << 8)) >>> 0;
  }

  text(text: string): void {
    // `word`, written out: this loop takes a good part of a simulation's time.
    let high = this.#high;
    let low = this.#low;
    for (let index = 0; index < text.length; index++) {
      low = (low ^ text.charCodeAt(index)) >>> 0;
      const product = low * 435;
      high = (Math.imul(high, 435) + Math.floor(product / 0x1_0000_0000) + (low << 8)) >>> 0;
      low = product >>> 0;
    }
    this.#high = high;
    this.#low = low;
    this.word(text.length);
  }

  bytes(bytes: Uint8Array): void {
    for (const byte of bytes) this.word(byte);
    this.word(bytes.byteLength);
  }

  get low(): number {
    return this.#low;
  }

  /** Sixteen hexadecimal digits. */
  hex(): string {
    return this.#high.toString(16).padStart(8, '0') + this.#low.toString(16).padStart(8, '0');
  }
}

/**
 * A seed for one of a simulation's random streams, so that drawing from one leaves the others as they were.
 */
export function seedFor(seed: number, purpose: string): number {
  const hash = new TraceHash();
  hash.word(seed);
  hash.text(purpose);
  return hash.low;
}

/** Where what happens is written down: who and what, at the virtual time it is recorded. */
export interface Recorder {
  /** `host` is empty for the world itself. */
  record(host: string, kind: string, details: string): void;
}

/**
 * Everything that happened, as one hash, and the last lines of it as text. Two runs with the same seed have
 * the same hash; when they do not, something in the program under test is not deterministic.
 */
export class Trace {
  readonly #hash = new TraceHash();
  readonly #timesUs: number[] = [];
  readonly #lines: string[][] = [];
  readonly #linesMax: number;
  #count = 0;

  constructor(linesMax: number) {
    this.#linesMax = linesMax;
  }

  get count(): number {
    return this.#count;
  }

  record(timeUs: number, host: string, kind: string, details: string): void {
    const hash = this.#hash;
    hash.word(timeUs >>> 0);
    hash.word(timeUs / 0x1_0000_0000);
    hash.text(host);
    hash.text(kind);
    hash.text(details);
    if (this.#linesMax > 0) {
      const slot = this.#count % this.#linesMax;
      this.#timesUs[slot] = timeUs;
      this.#lines[slot] = [host, kind, details];
    }
    this.#count++;
  }

  hex(): string {
    return this.#hash.hex();
  }

  /** The lines kept, oldest first: `   12.345 ms  a  deliver  from b ...`. */
  transcript(): string[] {
    const kept = Math.min(this.#count, this.#linesMax);
    const lines: string[] = [];
    for (let index = this.#count - kept; index < this.#count; index++) {
      const slot = index % this.#linesMax;
      const [host = '', kind = '', details = ''] = this.#lines[slot] ?? [];
      const time = ((this.#timesUs[slot] ?? 0) / 1000).toFixed(3).padStart(12);
      const shown =
        details.length > limits.detailsCharactersMax
          ? `${details.slice(0, limits.detailsCharactersMax)}...`
          : details;
      lines.push(`${time} ms  ${host.padEnd(8)} ${kind.padEnd(10)} ${shown}`.trimEnd());
    }
    return lines;
  }
}
