import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { limits } from '../limits.ts';
import { Lines } from '../up/driver/lines.ts';

/** A line of a log file, with the time that stands in front of it. */
export interface LogLine {
  readonly name: string;
  /** ISO 8601: the order of the texts is that of the times. */
  readonly stamp: string;
  readonly text: string;
}

/** Reads one log from near its end, and whatever is written later, across its rotation. */
export class LogReader {
  readonly #name: string;
  readonly #file: string;
  readonly #lines: Lines;
  #fd: number | undefined;
  #inode = 0;
  #position = 0;
  #got: LogLine[] = [];

  constructor(name: string, file: string) {
    this.#name = name;
    this.#file = file;
    this.#lines = new Lines((line) => this.#got.push(parsed(name, line)));
  }

  /** The last lines, of the file before the rotation too when this is short. `next` goes on behind them. */
  tail(count: number): LogLine[] {
    let recent: LogLine[] = [];
    if (this.#open()) {
      const fd = this.#fd as number;
      this.#position = fstatSync(fd).size;
      recent = lastLines(this.#name, fd, this.#position);
    }
    if (recent.length >= count) return count === 0 ? [] : recent.slice(-count);
    const older = withFile(`${this.#file}.1`, (fd) => lastLines(this.#name, fd, fstatSync(fd).size));
    return [...(older ?? []), ...recent].slice(-count);
  }

  next(): LogLine[] {
    if (this.#fd === undefined && !this.#open()) return [];
    this.#read();
    if (this.#rotated()) {
      closeSync(this.#fd as number);
      this.#fd = undefined;
      if (this.#open()) this.#read();
    }
    const got = this.#got;
    this.#got = [];
    return got;
  }

  #open(): boolean {
    try {
      this.#fd = openSync(this.#file, 'r');
      this.#inode = fstatSync(this.#fd).ino;
      this.#position = 0;
      return true;
    } catch {
      return false;
    }
  }

  #read(): void {
    const chunk = Buffer.alloc(64 * 1024);
    for (;;) {
      const length = readSync(this.#fd as number, chunk, 0, chunk.length, this.#position);
      if (length === 0) return;
      this.#position += length;
      this.#lines.take(Buffer.from(chunk.subarray(0, length)));
    }
  }

  #rotated(): boolean {
    try {
      return statSync(this.#file).ino !== this.#inode;
    } catch {
      return false;
    }
  }
}

/** Lines of several logs in the order they were written. */
export function inOrder(lines: readonly LogLine[]): LogLine[] {
  return lines.toSorted((left, right) =>
    left.stamp < right.stamp ? -1 : left.stamp > right.stamp ? 1 : 0,
  );
}

function withFile<T>(file: string, use: (fd: number) => T): T | undefined {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return undefined;
  }
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

function lastLines(name: string, fd: number, size: number): LogLine[] {
  const length = Math.min(size, limits.logTailBytesMax);
  const chunk = Buffer.alloc(length);
  readSync(fd, chunk, 0, length, size - length);
  const lines: string[] = [];
  const cutter = new Lines((line) => lines.push(line));
  cutter.take(chunk);
  cutter.end();
  // The first line may be torn when the file is longer than what was read.
  return lines.slice(size > length ? 1 : 0).map((line) => parsed(name, line));
}

function parsed(name: string, line: string): LogLine {
  const stamp = /^\d{4}-\d\d-\d\dT[\d:.]+Z /.exec(line)?.[0] ?? '';
  return { name, stamp, text: line.slice(stamp.length) };
}
