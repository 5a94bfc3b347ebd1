import { close, fdatasync, fstat, ftruncate, read, write } from 'node:fs';
import { assert } from '../../std/index.ts';
import type { DiskFailure, DiskFile, DiskOutcome, Done } from '../disk.ts';
import type { Gate } from './disk.ts';
import { diskFailure } from './failure.ts';

/** More than this in one system call is cut by some platforms without a word. */
const transferBytesMax = 1024 * 1024 * 1024;

/**
 * An open file. It is closed behind the last operation under way: the system may reuse its number at once.
 */
export class NodeDiskFile implements DiskFile {
  readonly #descriptor: number;
  readonly #gate: Gate;
  /** A write is followed by a sync: for files that are written through where the system cannot do it. */
  readonly #syncsWrites: boolean;
  #underWay = 0;
  #closing: (() => void) | undefined;
  #closed = false;

  constructor(descriptor: number, gate: Gate, options: { readonly syncsWrites: boolean }) {
    this.#descriptor = descriptor;
    this.#gate = gate;
    this.#syncsWrites = options.syncsWrites;
  }

  size(done: Done<number>): void {
    this.#act('nothing', done, (settle) =>
      fstat(this.#descriptor, (error, stats) => {
        settle(error === null ? { ok: true, value: stats.size } : failed(error));
      }),
    );
  }

  read(position: number, length: number, done: Done<Uint8Array>): void {
    assertOffset(position);
    assertOffset(length);
    this.#act('nothing', done, (settle) => {
      const bytes = new Uint8Array(length);
      const next = (filled: number): void => {
        if (filled === length) {
          settle({ ok: true, value: bytes });
          return;
        }
        const wanted = Math.min(length - filled, transferBytesMax);
        read(this.#descriptor, bytes, filled, wanted, position + filled, (error, count) => {
          if (error !== null) settle(failed(error));
          // A copy, so that a short read does not keep the whole array alive.
          else if (count === 0) settle({ ok: true, value: bytes.slice(0, filled) });
          else next(filled + count);
        });
      };
      if (length === 0) setImmediate(next, 0);
      else next(0);
    });
  }

  write(position: number, bytes: Uint8Array, done: Done<void>): void {
    assertOffset(position);
    this.#act('room', done, (settle) => {
      const next = (written: number): void => {
        if (written === bytes.byteLength) {
          if (this.#syncsWrites) fdatasync(this.#descriptor, (error) => settle(ended(error)));
          else settle({ ok: true, value: undefined });
          return;
        }
        const wanted = Math.min(bytes.byteLength - written, transferBytesMax);
        write(this.#descriptor, bytes, written, wanted, position + written, (error, count) => {
          if (error !== null) settle(failed(error));
          else if (count === 0)
            settle({ ok: false, failure: { kind: 'io', message: 'Nothing was written.' } });
          else next(written + count);
        });
      };
      if (bytes.byteLength === 0) setImmediate(next, 0);
      else next(0);
    });
  }

  truncate(length: number, done: Done<void>): void {
    assertOffset(length);
    this.#act('nothing', done, (settle) =>
      ftruncate(this.#descriptor, length, (error) => settle(ended(error))),
    );
  }

  sync(done: Done<void>): void {
    this.#act('nothing', done, (settle) => fdatasync(this.#descriptor, (error) => settle(ended(error))));
  }

  close(done: Done<void>): void {
    if (this.#closed) {
      refuseClosed(done);
      return;
    }
    this.#closed = true;
    this.#closing = () => close(this.#descriptor, (error) => done(ended(error ?? null)));
    if (this.#underWay === 0) this.#closing();
  }

  #act<T>(need: 'room' | 'nothing', done: Done<T>, start: (settle: Done<T>) => void): void {
    if (this.#closed) {
      refuseClosed(done);
      return;
    }
    this.#underWay++;
    const settle: Done<T> = (outcome) => {
      this.#underWay--;
      if (this.#underWay === 0) this.#closing?.();
      done(outcome);
    };
    this.#gate(
      need,
      () => start(settle),
      (failure) => settle({ ok: false, failure }),
    );
  }
}

const closedFailure: DiskFailure = { kind: 'closed', message: 'The file is closed.' };

function refuseClosed<T>(done: Done<T>): void {
  setImmediate(() => done({ ok: false, failure: closedFailure }));
}

function failed(error: Error): { readonly ok: false; readonly failure: DiskFailure } {
  return { ok: false, failure: diskFailure(error) };
}

function ended(error: Error | null): DiskOutcome<void> {
  return error === null ? { ok: true, value: undefined } : failed(error);
}

function assertOffset(offset: number): void {
  assert(Number.isSafeInteger(offset) && offset >= 0, 'an offset in a file is a whole number from 0');
}
