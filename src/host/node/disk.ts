import { close, constants, fsync, mkdir, open, readdir, rename, rmdir, stat, unlink } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Disk, DiskFailure, DiskFile, DiskLock, Done, OpenOptions } from '../disk.ts';
import type { Faults } from '../faults.ts';
import { diskFailure } from './failure.ts';
import { NodeDiskFile } from './file.ts';
import { takeLock } from './lock.ts';

/**
 * Makes each write durable by itself. Windows has no such flag, and on macOS it does not reach beyond the
 * drive's own memory, as libuv's fdatasync does.
 */
const synchronousFlag: number | undefined = process.platform === 'darwin' ? undefined : constants.O_DSYNC;

/** What an operation asks of the disk: those that need room fail while a fault says it is full. */
type Need = 'room' | 'nothing';

/** Lets an operation start, later, or at once fail, as the injected faults say. */
export type Gate = (need: Need, start: () => void, refuse: (failure: DiskFailure) => void) => void;

/** The file system, through node:fs. Relative paths start at the working directory. */
export class NodeDisk implements Disk {
  readonly #gate: Gate;

  constructor(clock: Clock, faults: Faults) {
    this.#gate = (need, start, refuse) => {
      const disturbance = faults.disk();
      if (disturbance === undefined) {
        start();
      } else {
        const full = need === 'room' && disturbance.full;
        const go = full
          ? () => refuse({ kind: 'full', message: 'The disk is full (injected fault).' })
          : start;
        clock.setTimer(disturbance.delayMs, go);
      }
    };
  }

  makeDirectory(path: string, done: Done<void>): void {
    this.#act('room', done, (settle) => makeFolder(path, settle));
  }

  list(path: string, done: Done<readonly string[]>): void {
    this.#act('nothing', done, (settle) => readdir(path, settle));
  }

  open(path: string, options: OpenOptions, done: Done<DiskFile>): void {
    const { create, writeThrough = false } = options;
    const synced = writeThrough ? synchronousFlag : undefined;
    const flags = constants.O_RDWR | (create ? constants.O_CREAT : 0) | (synced ?? 0);
    const syncsWrites = writeThrough && synced === undefined;
    this.#act(create ? 'room' : 'nothing', done, (settle) =>
      open(path, flags, 0o644, (error, descriptor) => {
        if (error === null) settle(null, new NodeDiskFile(descriptor, this.#gate, { syncsWrites }));
        else settle(error);
      }),
    );
  }

  rename(from: string, to: string, done: Done<void>): void {
    this.#act('nothing', done, (settle) => rename(from, to, settle));
  }

  remove(path: string, done: Done<void>): void {
    this.#act('nothing', done, (settle) =>
      unlink(path, (error) => {
        // POSIX names two codes for the unlinking of a folder; a real EPERM comes back from rmdir as well.
        if (error !== null && (error.code === 'EISDIR' || error.code === 'EPERM')) rmdir(path, settle);
        else settle(error);
      }),
    );
  }

  syncDirectory(path: string, done: Done<void>): void {
    const flags = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0);
    this.#act('nothing', done, (settle) =>
      open(path, flags, (error, descriptor) => {
        // Windows syncs no folder, and may not open one; its file systems journal names themselves.
        const excused = process.platform === 'win32' && error?.code !== 'ENOENT';
        if (error !== null) {
          settle(excused ? null : error);
          return;
        }
        fsync(descriptor, (syncError) =>
          close(descriptor, (closeError) => settle((excused ? null : syncError) ?? closeError)),
        );
      }),
    );
  }

  lock(path: string, done: Done<DiskLock>): void {
    this.#gate(
      'nothing',
      () => takeLock(path, done),
      (failure) => done({ ok: false, failure }),
    );
  }

  #act<T>(need: Need, done: Done<T>, start: (settle: Settle<T>) => void): void {
    const settle: Settle<T> = (error, value) => {
      if (error === null || error === undefined) done({ ok: true, value: value as T });
      else done({ ok: false, failure: diskFailure(error) });
    };
    this.#gate(
      need,
      () => start(settle),
      (failure) => done({ ok: false, failure }),
    );
  }
}

/**
 * With those above it that are missing. Not Node's own `recursive`: that tries for ever where no folder can
 * be made in one that is there, as in /proc.
 */
function makeFolder(folder: string, settle: Settle<void>, triedAbove = false): void {
  mkdir(folder, (error) => {
    const above = dirname(folder);
    if (error === null) settle(null);
    else if (error.code === 'ENOENT' && !triedAbove && above !== folder) {
      makeFolder(above, (failed) => (failed ? settle(failed) : makeFolder(folder, settle, true)));
    } else {
      stat(folder, (_, found) => settle(found?.isDirectory() === true ? null : error));
    }
  });
}

type Settle<T> = (error: NodeJS.ErrnoException | null | undefined, value?: T) => void;
