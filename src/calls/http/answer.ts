import { HoldfastError } from '../../std/index.ts';

export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A whole HTTP answer. Any status is an answer; only a call that got none fails. */
export class Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: AnswerHeaders;
  readonly bytes: Uint8Array;

  constructor(status: number, headers: AnswerHeaders, bytes: Uint8Array) {
    this.status = status;
    this.headers = headers;
    this.bytes = bytes;
  }

  /** The body as UTF-8. */
  text(): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength).toString('utf8');
  }

  /** The body as JSON. Throws `internal` when it is none. */
  json(): unknown {
    const text = this.text();
    try {
      return JSON.parse(text);
    } catch (cause) {
      const start = JSON.stringify(text.slice(0, 80));
      throw new HoldfastError('internal', `The answer is no JSON: it begins with ${start}.`, { cause });
    }
  }
}
