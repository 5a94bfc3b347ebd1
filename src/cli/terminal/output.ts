import type { Writable } from 'node:stream';
import { limits } from '../limits.ts';
import { esc, safeLine } from './safe-line.ts';

type Terminal = Writable & { readonly isTTY?: boolean };

export interface OutputOptions {
  readonly colour: boolean;
  /** A slow reader costs lines instead of memory: for `up`, whose processes do not wait for a terminal. */
  readonly lossy?: boolean;
}

/**
 * Where lines go. A reader that left (EPIPE, a closed terminal) is not an error: whoever supervises processes
 * goes on without an audience.
 */
export class Output {
  readonly colour: boolean;
  readonly #stream: Terminal;
  readonly #lossy: boolean;
  #open = true;
  #skipped = 0;

  constructor(stream: Terminal, { colour, lossy = false }: OutputOptions) {
    this.#stream = stream;
    this.#lossy = lossy;
    this.colour = colour;
    stream.on('error', () => {
      this.#open = false;
    });
  }

  /** Whether a person looks at it, and what is typed shows between the lines. */
  get terminal(): boolean {
    return this.#stream.isTTY === true;
  }

  get open(): boolean {
    return this.#open;
  }

  /** May hold several lines, and what other programs said: nothing in it can change the terminal. */
  line(text = ''): void {
    const safe = text.split('\n').map((each) => safeLine(each, this.colour));
    this.write(`${safe.join('\n')}\n`);
  }

  /** Whole lines, each ended, as they are: nothing that another program said goes here without `safeLine`. */
  write(text: string): void {
    if (!this.#open) return;
    if (this.#lossy && this.#stream.writableLength > limits.outputQueueBytesMax) {
      this.#skipped++;
      return;
    }
    if (this.#skipped > 0) {
      const note = 'not shown: they came faster than they were read. See: npx holdfast logs';
      this.#stream.write(`... ${this.#skipped} lines are ${note}\n`);
      this.#skipped = 0;
    }
    this.#stream.write(text);
  }

  /** Resolves when everything written was taken, or nobody is there to take it, or the time is over. */
  flushed(waitMs?: number): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#open) resolve();
      // An error calls this back too: `write` never leaves its callback out.
      else this.#stream.write('', () => resolve());
      if (waitMs !== undefined) setTimeout(resolve, waitMs).unref();
    });
  }

  dim(text: string): string {
    return this.paint('2', text);
  }

  bold(text: string): string {
    return this.paint('1', text);
  }

  /** `code` is that of an SGR sequence: 31 is red. Without colours the text alone. */
  paint(code: string, text: string): string {
    return this.colour ? `${esc}[${code}m${text}${esc}[0m` : text;
  }
}

/** Standard output and standard error, with colours where a person looks (https://no-color.org). */
export function standardOutputs(
  env: NodeJS.ProcessEnv,
  options: { readonly lossy: boolean },
): { readonly out: Output; readonly err: Output } {
  const colours = (stream: Terminal): boolean => {
    if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
    if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0';
    return stream.isTTY === true && env.TERM !== 'dumb';
  };
  return {
    out: new Output(process.stdout, { ...options, colour: colours(process.stdout) }),
    err: new Output(process.stderr, { ...options, colour: colours(process.stderr) }),
  };
}
