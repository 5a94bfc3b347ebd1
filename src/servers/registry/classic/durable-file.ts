import { dirname, join } from 'node:path';
import type { Disk, DiskFailure, DiskFile, DiskOutcome, Done } from '../../../host/index.ts';
import { limits } from './limits.ts';

/** A failed operation of the disk, within this folder only: leaves turn it into an outcome. */
export class DiskError extends Error {
  readonly kind: DiskFailure['kind'];

  constructor(failure: DiskFailure) {
    super(failure.message);
    this.kind = failure.kind;
  }
}

/** A small file that is read and replaced as a whole. One operation at a time. */
export class DurableFile {
  readonly path: string;
  readonly #disk: Disk;
  readonly #folder: string;
  #folderIsMade = false;

  constructor(disk: Disk, folder: string, name: string) {
    this.#disk = disk;
    this.#folder = folder;
    this.path = join(folder, name);
  }

  /** The first `bytesMax` bytes and one more, if there are; undefined when there is no file. */
  async read(bytesMax: number): Promise<Uint8Array | undefined> {
    const file = await this.#openIfThere();
    if (file === undefined) return undefined;
    try {
      return await settled<Uint8Array>((done) => file.read(0, bytesMax + 1, done));
    } finally {
      file.close(() => {});
    }
  }

  /**
   * Puts these bytes in the file's place: written aside, synced, renamed, the folder synced. Durable once it
   * resolves. `replacing` is called when the new bytes are whole: from there on a reader may find either.
   */
  async replace(bytes: Uint8Array, replacing: () => void): Promise<void> {
    await this.#makeFolder();
    const aside = `${this.path}.new`;
    try {
      await this.#writeAside(aside, bytes);
      replacing();
      await settled<void>((done) => this.#disk.rename(aside, this.path, done));
    } catch (error) {
      await outcomeOf<void>((done) => this.#disk.remove(aside, done));
      throw error;
    }
    await settled<void>((done) => this.#disk.syncDirectory(this.#folder, done));
  }

  /** Gives the file another name, in the same folder. */
  async setAside(name: string): Promise<string> {
    const path = join(this.#folder, name);
    await settled<void>((done) => this.#disk.rename(this.path, path, done));
    await settled<void>((done) => this.#disk.syncDirectory(this.#folder, done));
    return path;
  }

  async #openIfThere(): Promise<DiskFile | undefined> {
    const opened = await outcomeOf<DiskFile>((done) => this.#disk.open(this.path, { create: false }, done));
    if (opened.ok) return opened.value;
    if (opened.failure.kind === 'not-found') return undefined;
    throw new DiskError(opened.failure);
  }

  /** A file left over is removed first: a sync that failed on it would say nothing about the new bytes. */
  async #writeAside(path: string, bytes: Uint8Array): Promise<void> {
    const removed = await outcomeOf<void>((done) => this.#disk.remove(path, done));
    if (!removed.ok && removed.failure.kind !== 'not-found') throw new DiskError(removed.failure);
    const file = await settled<DiskFile>((done) => this.#disk.open(path, { create: true }, done));
    try {
      await settled<void>((done) => file.write(0, bytes, done));
      await settled<void>((done) => file.sync(done));
    } finally {
      await outcomeOf<void>((done) => file.close(done));
    }
  }

  /** With the names of the folders above it, which may be as new as it is. */
  async #makeFolder(): Promise<void> {
    if (this.#folderIsMade) return;
    await settled<void>((done) => this.#disk.makeDirectory(this.#folder, done));
    let folder = this.#folder;
    for (let level = 0; level < limits.foldersAboveMax; level++) {
      const above = dirname(folder);
      if (above === folder) break;
      const synced = await outcomeOf<void>((done) => this.#disk.syncDirectory(above, done));
      // A folder that we may not even read got no new name from us.
      if (!synced.ok && synced.failure.kind === 'denied') break;
      if (!synced.ok) throw new DiskError(synced.failure);
      folder = above;
    }
    this.#folderIsMade = true;
  }
}

function outcomeOf<T>(begin: (done: Done<T>) => void): Promise<DiskOutcome<T>> {
  return new Promise((resolve) => begin(resolve));
}

async function settled<T>(begin: (done: Done<T>) => void): Promise<T> {
  const outcome = await outcomeOf(begin);
  if (outcome.ok) return outcome.value;
  throw new DiskError(outcome.failure);
}
