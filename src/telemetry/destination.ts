import { fstatSync, write as writeFile, writeSync } from 'node:fs';
import { limits } from './limits.ts';

/** Where lines go. `write` never blocks and never throws. */
export interface LogDestination {
  /** One line with its line feed. */
  write(line: string): void;
  /** Done when all lines so far have left, or after a bounded time. */
  flush(): Promise<void>;
  /** For a process that ends now. Waits a bounded time for a slow destination. */
  flushSync(): void;
}

/** Lines handed to `write` at once, for tests and for programs with a log of their own. */
export function writeTo(write: (line: string) => void): LogDestination {
  return { write, flush: () => Promise.resolve(), flushSync: () => {} };
}

const open = new Set<FileDestination>();

function flushAll(): void {
  for (const destination of open) destination.flushSync();
}

/** Standard output. Its lines are flushed when the process exits, also when it crashes. */
export function standardOutput(): LogDestination {
  makeNonBlocking();
  return openDestination(1);
}

export function openDestination(fd: number): FileDestination {
  if (open.size === 0) process.on('exit', flushAll);
  const destination = new FileDestination(fd);
  open.add(destination);
  return destination;
}

/**
 * A pipe whose reader has stopped would hold a write, and with it the end of this process, for ever. Merely
 * having `process.stdout` made puts the pipe into non-blocking mode: then a write that finds no room
 * says so. Files never make a writer wait long; a terminal is left as it is, because it is shared with
 * the shell.
 */
function makeNonBlocking(): void {
  try {
    const stat = fstatSync(1);
    if (stat.isFIFO() || stat.isSocket()) void process.stdout;
  } catch {
    // No standard output at all: the first write finds out.
  }
}

/**
 * Lines to a file descriptor, in the background: one write at a time, and what comes meanwhile waits in a
 * bounded buffer and goes with the next. pino's own destination is not used: its synchronous flush never
 * returns when the reader of the pipe is gone, so that a service could not even end.
 */
export class FileDestination implements LogDestination {
  /** Called when there is room again, with the number of lines that were dropped since the last call. */
  onDropped: ((count: number) => void) | undefined;
  readonly #fd: number;
  #waiting = '';
  /** Bytes on their way, from `#sent` on. */
  #sending: Buffer | undefined;
  #sent = 0;
  #retry: NodeJS.Timeout | undefined;
  #dropped = 0;
  /** Dropped lines that a line on its way tells of, until it has left. */
  #reported = 0;
  #isReporting = false;
  #gone = false;
  #flushed: (() => void)[] = [];

  constructor(fd: number) {
    this.#fd = fd;
  }

  write(line: string): void {
    if (this.#gone) return;
    // The line that says what was dropped always finds room: it comes when the buffer is full.
    const isFull = this.#waiting.length + line.length > limits.logWaitingCharsMax;
    if (isFull && !this.#isReporting) {
      this.#dropped++;
      return;
    }
    this.#waiting += line;
    if (this.#sending === undefined) this.#sendNext();
  }

  flush(): Promise<void> {
    if (this.#gone || this.#sending === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, limits.logFlushTimeoutMs);
      this.#flushed.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  flushSync(): void {
    let rest = Buffer.from(this.#waiting);
    this.#waiting = '';
    // Bytes that are with the operating system cannot be had back. They will be written; only their order
    // with what follows here is not certain. Bytes it refused to take are still ours.
    if (this.#retry !== undefined && this.#sending !== undefined) {
      clearTimeout(this.#retry);
      this.#retry = undefined;
      rest = Buffer.concat([this.#sending.subarray(this.#sent), rest]);
      this.#sending = undefined;
    }
    if (!this.#gone) writeWithin(this.#fd, rest, limits.logFlushTimeoutMs);
  }

  #sendNext(): void {
    this.#sending = Buffer.from(this.#waiting);
    this.#waiting = '';
    this.#sent = 0;
    this.#send();
  }

  readonly #send = (): void => {
    this.#retry = undefined;
    const bytes = this.#sending;
    if (bytes === undefined) return;
    writeFile(this.#fd, bytes, this.#sent, bytes.length - this.#sent, null, this.#onSent);
  };

  readonly #onSent = (error: NodeJS.ErrnoException | null, count: number): void => {
    if (error !== null && isBusy(error)) {
      this.#retry = setTimeout(this.#send, limits.logRetryMs);
      return;
    }
    if (error !== null) this.#failed(error);
    else this.#sent += count;
    if (this.#sending !== undefined && this.#sent < this.#sending.length) {
      this.#send();
      return;
    }
    this.#sending = undefined;
    // Only after a success: a line about lines that were lost would be lost too, for ever.
    if (error === null) {
      this.#reported = 0;
      this.#reportDropped();
    }
    if (this.#sending !== undefined) return;
    if (this.#waiting !== '') this.#sendNext();
    else this.#settleFlushes();
  };

  /** Nobody reads any more, or the disk is full. A service goes on without its log. */
  #failed(error: NodeJS.ErrnoException): void {
    const lost = this.#sending?.subarray(this.#sent) ?? [];
    this.#sending = undefined;
    for (const byte of lost) if (byte === lineFeed) this.#dropped++;
    // The line that told of those before is among the lost ones, and was no line of anybody's.
    if (this.#reported > 0) this.#dropped += this.#reported - 1;
    this.#reported = 0;
    if (error.code !== 'EPIPE' && error.code !== 'EBADF' && error.code !== 'EIO') return;
    this.#gone = true;
    this.#waiting = '';
  }

  #reportDropped(): void {
    if (this.#dropped === 0 || this.#gone) return;
    this.#reported = this.#dropped;
    this.#dropped = 0;
    this.#isReporting = true;
    this.onDropped?.(this.#reported);
    this.#isReporting = false;
  }

  #settleFlushes(): void {
    const flushed = this.#flushed;
    this.#flushed = [];
    for (const done of flushed) done();
  }
}

const lineFeed = 10;

function isBusy(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EAGAIN' || error.code === 'EBUSY';
}

function writeWithin(fd: number, bytes: Buffer, timeoutMs: number): void {
  const untilMs = performance.now() + timeoutMs;
  const never = new Int32Array(new SharedArrayBuffer(4));
  let sent = 0;
  while (sent < bytes.length) {
    try {
      sent += writeSync(fd, bytes, sent);
    } catch (error) {
      if (!isBusy(error as NodeJS.ErrnoException) || performance.now() > untilMs) return;
      Atomics.wait(never, 0, 0, 5);
    }
  }
}
