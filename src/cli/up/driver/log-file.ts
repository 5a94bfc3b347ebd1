import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  renameSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { limits } from '../../limits.ts';

/**
 * The log of one process: each line with its time in front, so that `holdfast logs` can put several in order.
 * At its bound it becomes `<file>.1`, which replaces the last one: never more than two such files.
 * Written at once, so that a kill of `up` loses no line. While it cannot be written (a full disk) lines are
 * lost; it is tried again once a second, and tells how many are missing. No line is ever written in part.
 */
export class LogFile {
  readonly #file: string;
  readonly #failed: (error: unknown) => void;
  #fd: number | undefined;
  #size = 0;
  /** Lines lost since the last one that was written. */
  #lost = 0;
  /** When the file was last tried, or seen to be in its place. */
  #lookedMs = Number.NEGATIVE_INFINITY;

  /** `failed` is called once each time that lines begin to be lost. */
  constructor(file: string, failed: (error: unknown) => void) {
    this.#file = file;
    this.#failed = failed;
  }

  append(wallMs: number, lines: readonly string[]): void {
    if (lines.length === 0) return;
    // The wall clock may be set back.
    const due = Math.abs(wallMs - this.#lookedMs) >= limits.logLookMs;
    if (due) this.#lookedMs = wallMs;
    if (this.#lost > 0 && !due) {
      this.#lost += lines.length;
      return;
    }
    const stamp = new Date(wallMs).toISOString();
    const missing = `... ${this.#lost} lines are missing here: this file could not be written.`;
    const texts = this.#lost > 0 ? [missing, ...lines] : lines;
    try {
      if (due) this.#look();
      this.#write(Buffer.from(`${texts.map((text) => `${stamp} ${text}`).join('\n')}\n`));
      this.#lost = 0;
    } catch (error) {
      if (this.#lost === 0) this.#failed(error);
      this.#lost += lines.length;
      this.#lookedMs = wallMs;
      this.#undo();
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #write(bytes: Buffer): void {
    let fd = this.#fd ?? this.#open();
    if (this.#size > 0 && this.#size + bytes.length > limits.logFileBytesMax) {
      this.close();
      renameSync(this.#file, `${this.#file}.1`);
      fd = this.#open();
    }
    // A nearly full disk takes a part, and refuses the rest.
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
    this.#size += bytes.length;
  }

  #open(): number {
    const fd = openSync(this.#file, 'a', 0o600);
    this.#fd = fd;
    this.#size = fstatSync(fd).size;
    return fd;
  }

  /** Somebody may have removed, replaced or emptied the file: an open one would be written unseen. */
  #look(): void {
    if (this.#fd === undefined) return;
    const there: Stats | undefined = statSync(this.#file, { throwIfNoEntry: false });
    if (there?.ino === fstatSync(this.#fd).ino) this.#size = there.size;
    else this.close();
  }

  /** Takes back what was written of the last lines, and opens the file anew the next time. */
  #undo(): void {
    try {
      if (this.#fd !== undefined && fstatSync(this.#fd).size > this.#size) {
        ftruncateSync(this.#fd, this.#size);
      }
    } catch {
      // Then a torn line stays: nothing else can be done about it.
    }
    this.close();
  }
}
