import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Records a second, so many in each transaction. */
export function sqliteFor(perTransaction: number, seconds: number, bytes: number): number {
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-bench-journal-'));
  const database = new DatabaseSync(path.join(folder, 'journal.db'));
  try {
    database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL');
    database.exec('CREATE TABLE records (position INTEGER PRIMARY KEY, bytes BLOB)');
    const insert = database.prepare('INSERT INTO records (bytes) VALUES (?)');
    const record = new Uint8Array(bytes).fill(7);
    const startedMs = performance.now();
    const endMs = startedMs + seconds * 1000;
    let records = 0;
    while (performance.now() < endMs) {
      database.exec('BEGIN');
      for (let count = 0; count < perTransaction; count++) insert.run(record);
      database.exec('COMMIT');
      records += perTransaction;
    }
    return records / ((performance.now() - startedMs) / 1000);
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
}
