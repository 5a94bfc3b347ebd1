import { HoldfastError } from '../../std/index.ts';

/** What stood between two blank lines. */
export interface SseBlock {
  /** The last `id:` seen so far, in this block or before; empty when there was none. */
  readonly id: string;
  readonly event: string;
  /** Undefined when the block had none: comments, or an id alone. Such a block is no event. */
  readonly data: string | undefined;
}

/**
 * Parses a stream of server-sent events (WHATWG HTML, 9.2.5 and 9.2.6) however it is cut into chunks.
 * `retry:` is ignored: the client has its own backoff. A block that is not finished by a blank line never
 * comes out.
 */
export class SseParser {
  readonly #charsMax: number;
  /** Takes a byte order mark at the start away, and joins characters cut by a chunk's end. */
  readonly #decoder = new TextDecoder('utf-8');
  /** The last chunk ended with CR: an LF that comes next belongs to it. */
  #afterCr = false;
  #line = '';
  #id = '';
  #event = '';
  #data: string[] = [];
  #dataChars = 0;

  constructor(charsMax: number) {
    this.#charsMax = charsMax;
  }

  /** Throws `resource_exhausted` when a line or an event is longer than the bound. */
  push(chunk: Uint8Array): readonly SseBlock[] {
    const blocks: SseBlock[] = [];
    const text = this.#decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code === lf && this.#afterCr) {
        this.#afterCr = false;
        start = index + 1;
        continue;
      }
      this.#afterCr = code === cr;
      if (code !== lf && code !== cr) continue;
      const block = this.#endOfLine(this.#line + text.slice(start, index));
      if (block !== undefined) blocks.push(block);
      this.#line = '';
      start = index + 1;
    }
    this.#line += text.slice(start);
    this.#bound(this.#line.length);
    return blocks;
  }

  #endOfLine(line: string): SseBlock | undefined {
    if (line !== '') {
      this.#field(line);
      return undefined;
    }
    const data = this.#data.length === 0 ? undefined : this.#data.join('\n');
    const block: SseBlock = { id: this.#id, event: this.#event === '' ? 'message' : this.#event, data };
    this.#event = '';
    this.#data = [];
    this.#dataChars = 0;
    return block;
  }

  #field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const afterColon = colon === -1 ? '' : line.slice(colon + 1);
    const value = afterColon.startsWith(' ') ? afterColon.slice(1) : afterColon;
    if (name === 'data') {
      this.#dataChars += value.length + 1;
      this.#bound(this.#dataChars);
      this.#data.push(value);
    } else if (name === 'event') {
      this.#event = value;
    } else if (name === 'id' && !value.includes('\0')) {
      this.#id = value;
    }
  }

  #bound(chars: number): void {
    if (chars <= this.#charsMax) return;
    throw new HoldfastError(
      'resource_exhausted',
      `The stream has an event of over ${this.#charsMax} characters.`,
    );
  }
}

const lf = 10;
const cr = 13;
