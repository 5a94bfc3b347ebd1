/**
 * A disk as a port, with the truth about durability: a written byte survives a crash only after `sync` of
 * its file, a created, renamed or removed name only after `syncDirectory` of its folder. Until then a crash
 * may keep any part of it, in any order, torn anywhere. (The end of a process alone loses nothing written.)
 * Every completion comes later, never inside the call, and exactly once. Operations that are under way at
 * the same time take effect in any order: who needs one waits for the completion.
 */
export interface Disk {
  /** With the folders above it that are missing. Succeeds when it is there already; `exists`: a file is. */
  makeDirectory(path: string, done: Done<void>): void;
  /** Names in the folder, without order. */
  list(path: string, done: Done<readonly string[]>): void;
  /** Opens a file for reading and writing. */
  open(path: string, options: OpenOptions, done: Done<DiskFile>): void;
  /**
   * Gives a file or folder another name, in the place of a file that had it. Atomic: a reader sees the old
   * file or the new, and a crash leaves one of the two. Between two folders a crash may leave it in both.
   */
  rename(from: string, to: string, done: Done<void>): void;
  /**
   * Removes a file or an empty folder; `exists`: the folder is not empty. A file that is open stays usable.
   */
  remove(path: string, done: Done<void>): void;
  /** All names made, changed and removed in this folder before this call are durable once it completes. */
  syncDirectory(path: string, done: Done<void>): void;
  /**
   * Takes the lock that the file at `path` stands for, and makes the file when there is none; `in-use`:
   * somebody has the lock, in this process or another. It is let go when its holder says so, or has ended,
   * whichever way, and nothing that it began is under way any more. The file stays, with nothing in it.
   */
  lock(path: string, done: Done<DiskLock>): void;
}

export interface OpenOptions {
  /** Makes an empty file when there is none. */
  readonly create: boolean;
  /**
   * Each write through this handle is durable once it completes, with the length it gives the file: one
   * turn of the disk where a write and a `sync` take two. The file's name still needs `syncDirectory`.
   */
  readonly writeThrough?: boolean | undefined;
}

export interface DiskLock {
  /** Once. */
  release(done: Done<void>): void;
}

export interface DiskFile {
  /** In bytes. */
  size(done: Done<number>): void;
  /** Up to `length` bytes; fewer only at the end of the file. The array is the caller's to keep. */
  read(position: number, length: number, done: Done<Uint8Array>): void;
  /**
   * All bytes or a failure; after a failure any part may have been written. A gap between the file's end
   * and `position` reads as zeros. The bytes must not change before the completion.
   */
  write(position: number, bytes: Uint8Array, done: Done<void>): void;
  /** Cuts the file, or extends it with zeros. */
  truncate(length: number, done: Done<void>): void;
  /**
   * All writes that completed before this call are durable once it completes. After a failure nothing is
   * known of them, and a later success says nothing about them: write them again, elsewhere.
   */
  sync(done: Done<void>): void;
  /** Behind the operations under way; every later one fails with `closed`. Does not sync. */
  close(done: Done<void>): void;
}

export type Done<T> = (outcome: DiskOutcome<T>) => void;

export type DiskOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: DiskFailure };

export interface DiskFailure {
  /**
   * exists: something is in the way; not-a-directory: a file stands where a folder should; full: no room;
   * denied: no permission, or a folder where a file should be; closed: the file is; in-use: another holds the
   * lock; too-many-open: files, for now, so that nothing was begun; io: the rest.
   */
  readonly kind:
    | 'not-found'
    | 'exists'
    | 'not-a-directory'
    | 'full'
    | 'denied'
    | 'closed'
    | 'in-use'
    | 'too-many-open'
    | 'io';
  readonly message: string;
}
