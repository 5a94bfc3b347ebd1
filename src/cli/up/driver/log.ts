import { join } from 'node:path';
import { describeError } from '../../../std/index.ts';
import type { Output } from '../../terminal/output.ts';
import { safeLine } from '../../terminal/safe-line.ts';
import { LogFile } from './log-file.ts';

/** Colours of the instances' names, in the order they are given out. Red is left to errors. */
const paints = ['36', '33', '35', '32', '34', '96', '93', '95', '92', '94'];

/** The name of `up`'s own lines. */
export const ownName = 'holdfast';

/** Everybody's output: on the terminal with the name in front, and each in its own file. */
export class Log {
  readonly #output: Output;
  readonly #files = new Map<string, LogFile>();
  readonly #prefixes = new Map<string, string>();
  readonly #folder: string;

  constructor(output: Output, folder: string, names: readonly string[]) {
    this.#output = output;
    this.#folder = folder;
    this.#prefixes = prefixesOf(output, [ownName, ...names]);
  }

  lines(name: string, lines: readonly string[]): void {
    this.#file(name).append(Date.now(), lines);
    const prefix = this.#prefixes.get(name) ?? `${name} | `;
    this.#output.write(lines.map((line) => `${prefix}${safeLine(line, this.#output.colour)}\n`).join(''));
  }

  /** A line of `up` itself. */
  own(text: string): void {
    this.lines(ownName, [text]);
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
  }

  #file(name: string): LogFile {
    let file = this.#files.get(name);
    if (file === undefined) {
      file = new LogFile(join(this.#folder, `${name}.log`), (error) => {
        const why = describeError(error);
        this.#output.line(
          `The log of ${name} cannot be written (${why}): until it can, its lines are only here.`,
        );
      });
      this.#files.set(name, file);
    }
    return file;
  }
}

/** `echo-a-1 | `, as wide as the longest name, each in its own colour. */
export function prefixesOf(output: Output, names: readonly string[]): Map<string, string> {
  const width = Math.max(...names.map((name) => name.length));
  let next = 0;
  return new Map(
    names.map((name) => {
      const paint = name === ownName ? '1' : paints[next++ % paints.length];
      return [name, `${output.paint(paint ?? '0', name.padEnd(width))} ${output.dim('|')} `];
    }),
  );
}
