import type { DatabaseSync } from 'node:sqlite';
import type { DiskFailure, DiskLock, Done } from '../disk.ts';

/** Locks that are held: one whose owner forgot it must not be collected and so let go. */
const held = new Set<DatabaseSync>();

/** SQLite's codes: somebody else has locked the file; the file cannot be opened or made. */
const busy = 5;
const cannotOpen = 14;

/**
 * Node has no file locks of its own, but the SQLite in it has: an exclusive transaction that is never
 * committed holds the system's lock on the file, which the system lets go when the process is gone. Works
 * on Linux, macOS and Windows, between processes and within one.
 */
export function takeLock(path: string, done: Done<DiskLock>): void {
  setImmediate(() => {
    // Loaded only here: most processes take no lock.
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path, { timeout: 0 });
      // Else the transaction makes a file of its own beside it, for which a full disk has no room.
      database.exec('PRAGMA journal_mode = MEMORY');
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      database?.close();
      done({ ok: false, failure: lockFailure(error as SqliteError) });
      return;
    }
    done({ ok: true, value: lockOf(database) });
  });
}

function lockOf(database: DatabaseSync): DiskLock {
  held.add(database);
  return {
    release: (done) => {
      setImmediate(() => {
        held.delete(database);
        database.close();
        done({ ok: true, value: undefined });
      });
    },
  };
}

interface SqliteError extends Error {
  readonly errcode?: number;
}

function lockFailure(error: SqliteError): DiskFailure {
  if (error.errcode === busy) return { kind: 'in-use', message: 'Somebody else holds the lock.' };
  const message = `The lock cannot be taken: ${error.message}.`;
  return { kind: error.errcode === cannotOpen ? 'not-found' : 'io', message };
}
