import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** What a process noted of a request. */
export interface Entry {
  /** seen: it is there; gone: its caller left before it was answered; ended: it is handled. */
  readonly what: 'seen' | 'gone' | 'ended';
  readonly by: string;
  readonly id: string;
  readonly method: string;
  /** 1 unless the request says that it is a retry. */
  readonly attempt: number;
  /** What the request says is left of its deadline. */
  readonly remainingMs?: number | undefined;
  /** On ended: the code of the error, if it was one. */
  readonly code?: string | undefined;
  readonly atMs: number;
}

/** A clock that the processes of one machine share. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Notes entries so that they outlive a kill -9: written to the file before anything else happens. */
export function ledgerAt(file: string): (entry: Omit<Entry, 'atMs'>) => void {
  const descriptor = openSync(file, 'a');
  return (entry) => writeSync(descriptor, `${JSON.stringify({ ...entry, atMs: epochMs() })}\n`);
}

/** One file in which several processes note what they are sent. */
export class Ledger {
  readonly file: string;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'holdfast-survival-'));

  constructor() {
    this.file = path.join(this.#folder, 'ledger.jsonl');
    writeFileSync(this.file, '');
  }

  entries(): Entry[] {
    const lines = readFileSync(this.file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Entry);
  }

  seen(): Entry[] {
    return this.entries().filter(({ what }) => what === 'seen');
  }

  /** Ids of requests with this method that reached instances more than once. */
  repeated(method: string): string[] {
    const counts = new Map<string, number>();
    for (const entry of this.seen()) {
      if (entry.method === method) counts.set(entry.id, (counts.get(entry.id) ?? 0) + 1);
    }
    return [...counts].flatMap(([id, count]) => (count > 1 ? [id] : []));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
