import { StringDecoder } from 'node:string_decoder';
import { limits } from '../../limits.ts';

/** Cuts a byte stream into lines. A line over its bound is given up to there, the rest of it skipped. */
export class Lines {
  readonly #decoder = new StringDecoder('utf8');
  readonly #give: (line: string) => void;
  #rest = '';
  #skipping = false;

  constructor(give: (line: string) => void) {
    this.#give = give;
  }

  take(chunk: Buffer): void {
    let text = this.#rest + this.#decoder.write(chunk);
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      this.#line(text.slice(from, end));
      from = end + 1;
    }
    text = text.slice(from);
    if (text.length > limits.lineBytesMax) {
      this.#line(text);
      this.#skipping = true;
      text = '';
    }
    this.#rest = text;
  }

  /** The stream has ended: what is left is a line too. */
  end(): void {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (rest !== '') this.#line(rest);
  }

  #line(text: string): void {
    if (this.#skipping) {
      this.#skipping = false;
      return;
    }
    const line = text.endsWith('\r') ? text.slice(0, -1) : text;
    this.#give(
      line.length > limits.lineBytesMax ? `${line.slice(0, limits.lineBytesMax)} ... (cut)` : line,
    );
  }
}
