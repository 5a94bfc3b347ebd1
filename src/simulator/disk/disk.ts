import type { Disk, DiskFile, DiskLock, Done, OpenOptions } from '../../host/index.ts';
import { DiskActions, type DiskOptions } from './actions.ts';
import { SimulatedDiskFile } from './file.ts';
import type { FileNode } from './inode.ts';
import type { Medium, Outcome } from './medium.ts';

/** The Disk port of one process on a simulated machine. */
export class SimulatedDisk implements Disk {
  readonly #medium: Medium;
  readonly #actions: DiskActions;

  constructor(options: DiskOptions) {
    this.#medium = options.medium;
    this.#actions = new DiskActions(options);
  }

  makeDirectory(path: string, done: Done<void>): void {
    this.#change(`make ${path}`, 'room', () => this.#medium.makeDirectory(path), done);
  }

  list(path: string, done: Done<readonly string[]>): void {
    this.#actions.act(`list ${path}`, 'read', () => this.#medium.list(path), done);
  }

  open(path: string, options: OpenOptions, done: Done<DiskFile>): void {
    const open = (): Outcome<DiskFile> => {
      const opened = this.#medium.open(path, options.create);
      if (!opened.ok) return opened;
      const handle = { path, node: opened.value, writeThrough: options.writeThrough === true };
      return { ok: true, value: new SimulatedDiskFile(handle, this.#actions) };
    };
    if (options.create) this.#change(`open ${path}`, 'room', open, done);
    else this.#actions.act(`open ${path}`, 'read', open, done);
  }

  rename(from: string, to: string, done: Done<void>): void {
    this.#change(`rename ${from} to ${to}`, 'change', () => this.#medium.rename(from, to), done);
  }

  remove(path: string, done: Done<void>): void {
    this.#change(`remove ${path}`, 'change', () => this.#medium.remove(path), done);
  }

  syncDirectory(path: string, done: Done<void>): void {
    const mark = this.#medium.namesMark;
    const sync = (): Outcome<void> => {
      const found = this.#medium.directory(path);
      if (!found.ok) return found;
      this.#medium.syncNames(found.value, mark);
      return { ok: true, value: undefined };
    };
    this.#actions.act(`sync ${path}/`, 'sync', sync, done);
  }

  lock(path: string, done: Done<DiskLock>): void {
    let isDying = false;
    const lock = (): Outcome<DiskLock> => {
      const opened = this.#medium.open(path, true);
      if (!opened.ok) return opened;
      const state = opened.value.lock(this.#actions);
      if (state === 'gone') return { ok: true, value: this.#lockOf(path, opened.value) };
      isDying = state === 'dying';
      return { ok: false, failure: { kind: 'in-use', message: `Somebody holds ${path}.` } };
    };
    this.#actions.act(`lock ${path}`, 'read', lock, (outcome) => {
      // A new process is started when the old one is gone for good.
      if (isDying) this.lock(path, done);
      else done(outcome);
    });
  }

  #lockOf(path: string, file: FileNode): DiskLock {
    const unlock = (): void => file.unlock();
    const release = (): Outcome<void> => {
      unlock();
      return { ok: true, value: undefined };
    };
    // It is let go whatever is said: a process holds it no more, and no disk is needed for that.
    return { release: (done) => this.#actions.act(`unlock ${path}`, 'read', release, done, unlock) };
  }

  /** A failed change of a name has happened or not. */
  #change<T>(what: string, nature: 'room' | 'change', effect: () => Outcome<T>, done: Done<T>): void {
    this.#actions.act(what, nature, effect, done, () => {
      if (this.#actions.prng.chance(0.5)) effect();
    });
  }
}
