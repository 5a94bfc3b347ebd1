/**
 * A disk as a port, with the truth about durability: a written byte survives a crash only after `sync` of its
 * file, a created, renamed or removed name only after `syncDirectory` of its folder. Until then a crash may
 * keep any part of it, in any order, torn anywhere. Every completion comes later, never inside the call.
 */
export interface Disk {
  makeDirectory(path: string, done: Done<void>): void;
  /** Names in the folder, without order. */
  list(path: string, done: Done<readonly string[]>): void;
  /** Opens for reading and writing; with `create` makes an empty file when there is none. */
  open(path: string, options: { readonly create: boolean }, done: Done<DiskFile>): void;
  /** Atomic: a reader sees the old file or the new, and a crash leaves one of the two. */
  rename(from: string, to: string, done: Done<void>): void;
  remove(path: string, done: Done<void>): void;
  syncDirectory(path: string, done: Done<void>): void;
}

export interface DiskFile {
  size(done: Done<number>): void;
  /** Up to `length` bytes; fewer only at the end of the file. */
  read(position: number, length: number, done: Done<Uint8Array>): void;
  /** All bytes or a failure; after a failure any part may have been written. The bytes must not change. */
  write(position: number, bytes: Uint8Array, done: Done<void>): void;
  truncate(length: number, done: Done<void>): void;
  /** All writes that completed before this call are durable once it completes. */
  sync(done: Done<void>): void;
  close(done: Done<void>): void;
}

export type Done<T> = (outcome: DiskOutcome<T>) => void;

export type DiskOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: DiskFailure };

export interface DiskFailure {
  readonly kind: 'not-found' | 'exists' | 'not-a-directory' | 'full' | 'denied' | 'closed' | 'io';
  readonly message: string;
}
