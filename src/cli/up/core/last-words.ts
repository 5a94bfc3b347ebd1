import { limits } from '../../limits.ts';
import { safeLine } from '../../terminal/safe-line.ts';

/**
 * What a process said before it ended, and which of its lines tells why. An uncaught error in Node prints the
 * source, a caret, the error, its stack and Node's version: only one of those lines is worth a table's row.
 */
export class LastWords {
  readonly #lines: { readonly text: string; readonly error: boolean }[] = [];

  /** `error`: it came from standard error. */
  heard(text: string, error: boolean): void {
    if (text.trim() === '') return;
    this.#lines.push({ text, error });
    if (this.#lines.length > limits.lastLinesMax) this.#lines.shift();
  }

  /**
   * The last line that names an error; without one the last of standard error, or the last at all. Without
   * colours and other control characters: it becomes a part of our own sentences.
   */
  reason(): string | undefined {
    const plain = this.#lines.map(({ text, error }) => ({ text: safeLine(text, false), error }));
    const telling = plain.filter(({ text }) => !noise.test(text));
    const line =
      telling.findLast(({ text }) => namesAnError.test(text)) ??
      telling.findLast(({ error }) => error) ??
      telling.at(-1);
    return line === undefined ? undefined : safeLine(messageOf(line.text.trim()), false);
  }
}

/** A frame, a caret, a part of an inspected error, Node's own footer. */
const noise =
  /^\s*(?:at .*|[\^~]+|[{}[\]]+[,;]?|\w+: .*,|Node\.js v\S+|file:\/\/\S+:\d+|node:\S+:\d+|\(Use `node .*)$/;

const namesAnError = new RegExp(
  [
    String.raw`^\s*(?:Uncaught )?[\w$.]*(?:Error|Exception|Failure)(?: \[\w+\])?: `,
    String.raw`\b(?:ERROR|FATAL)\b`,
    String.raw`"level":\s*(?:50|60|"(?:error|fatal)")`,
  ].join('|'),
);

/** The message of a JSON log line; any other line as it is. */
function messageOf(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const entry = JSON.parse(line) as { readonly msg?: unknown; readonly message?: unknown };
    const message = entry.msg ?? entry.message;
    return typeof message === 'string' && message !== '' ? message : line;
  } catch {
    return line;
  }
}
