import type { Disk, DiskFailure, DiskFile, DiskLock, Done, OpenOptions } from '../../host/index.ts';

type Operation = 'open' | 'write' | 'syncDirectory';

/** A disk that counts what is open and what is done, and fails what it is told to. */
export class WatchedDisk implements Disk {
  readonly #disk: Disk;
  /** The next operations of a kind fail like this, until it is taken back. */
  failing: Partial<Record<Operation, DiskFailure['kind']>> = {};
  readonly counts = { open: 0, write: 0, syncDirectory: 0 };
  /** Files that are open now. */
  openFiles = 0;
  /** How many were open when a lock was let go of; the most of all times. */
  openAtRelease = 0;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  makeDirectory(path: string, done: Done<void>): void {
    this.#disk.makeDirectory(path, done);
  }

  list(path: string, done: Done<readonly string[]>): void {
    this.#disk.list(path, done);
  }

  open(path: string, options: OpenOptions, done: Done<DiskFile>): void {
    if (this.#fails('open', done)) return;
    this.#disk.open(path, options, (outcome) => {
      if (outcome.ok) this.openFiles++;
      done(outcome.ok ? { ok: true, value: this.#watched(outcome.value) } : outcome);
    });
  }

  rename(from: string, to: string, done: Done<void>): void {
    this.#disk.rename(from, to, done);
  }

  remove(path: string, done: Done<void>): void {
    this.#disk.remove(path, done);
  }

  syncDirectory(path: string, done: Done<void>): void {
    if (!this.#fails('syncDirectory', done)) this.#disk.syncDirectory(path, done);
  }

  lock(path: string, done: Done<DiskLock>): void {
    this.#disk.lock(path, (outcome) => {
      if (!outcome.ok) return done(outcome);
      const release: DiskLock['release'] = (released) => {
        this.openAtRelease = Math.max(this.openAtRelease, this.openFiles);
        outcome.value.release(released);
      };
      done({ ok: true, value: { release } });
    });
  }

  #watched(file: DiskFile): DiskFile {
    return {
      size: (done) => file.size(done),
      read: (position, length, done) => file.read(position, length, done),
      write: (position, bytes, done) => {
        if (!this.#fails('write', done)) file.write(position, bytes, done);
      },
      truncate: (length, done) => file.truncate(length, done),
      sync: (done) => file.sync(done),
      close: (done) =>
        file.close((outcome) => {
          if (outcome.ok) this.openFiles--;
          done(outcome);
        }),
    };
  }

  /** Takes the time of one that does not. */
  #fails<T>(operation: Operation, done: Done<T>): boolean {
    this.counts[operation]++;
    const kind = this.failing[operation];
    if (kind === undefined) return false;
    this.#disk.list('/', () => done({ ok: false, failure: { kind, message: `A failed ${operation}.` } }));
    return true;
  }
}
