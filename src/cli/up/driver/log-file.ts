import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { limits } from '../../limits.ts';

/**
 * The log of one process: each line with its time in front, so that `holdfast logs` can put several in order.
 * At its bound it becomes `<file>.1`, which replaces the last one: never more than two such files.
 * Written at once, so that a kill of `up` loses no line.
 */
export class LogFile {
  readonly #file: string;
  readonly #failed: (error: unknown) => void;
  #fd: number | undefined;
  #size = 0;
  #writable = true;

  /** `failed` is called once when it cannot be written (a full disk); lines are dropped from then on. */
  constructor(file: string, failed: (error: unknown) => void) {
    this.#file = file;
    this.#failed = failed;
  }

  append(wallMs: number, lines: readonly string[]): void {
    if (!this.#writable || lines.length === 0) return;
    const stamp = new Date(wallMs).toISOString();
    const bytes = Buffer.from(`${lines.map((line) => `${stamp} ${line}`).join('\n')}\n`);
    try {
      this.#fd ??= this.#open();
      if (this.#size > 0 && this.#size + bytes.length > limits.logFileBytesMax) this.#rotate();
      writeSync(this.#fd, bytes);
      this.#size += bytes.length;
    } catch (error) {
      this.#writable = false;
      this.#failed(error);
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #open(): number {
    const fd = openSync(this.#file, 'a', 0o600);
    this.#size = fstatSync(fd).size;
    return fd;
  }

  #rotate(): void {
    this.close();
    renameSync(this.#file, `${this.#file}.1`);
    this.#fd = this.#open();
  }
}
