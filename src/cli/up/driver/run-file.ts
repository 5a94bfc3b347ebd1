import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { limits } from '../../limits.ts';
import { runs } from './processes.ts';

/**
 * `up.json`: which `up` a data folder belongs to, and how to reach it. It is created exclusively, so that of
 * two that start together one gets the folder. One that was killed leaves it behind: its process is gone, and
 * the next may take its place. A living `up` writes it anew when somebody removed or broke it: who cannot
 * read it waits for that.
 */
export interface RunRecord {
  /** Random, new at every `up`. */
  readonly id: string;
  readonly pid: number;
  /** Tells the process from a later one with the same pid; undefined where that cannot be known. */
  readonly startTicks?: string | undefined;
  /** Port of the control server; undefined for the moment until it listens. */
  readonly port?: number | undefined;
  readonly startedAt: string;
  readonly config: string;
}

export type Claim =
  /** `replaced`: the one that was killed, whose processes may still be ending. */
  | { readonly ok: true; readonly replaced: RunRecord | undefined }
  | { readonly ok: false; readonly holder: RunRecord };

export type RunFile =
  | { readonly kind: 'record'; readonly record: RunRecord }
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable'; readonly error: unknown };

export const runFileOf = (folder: string): string => join(folder, 'up.json');

export function readRunFile(folder: string): RunFile {
  return parse(runFileOf(folder));
}

export function isAlive({ pid, startTicks }: RunRecord): boolean {
  return runs(pid, startTicks);
}

/**
 * Throws what the file system says when the record cannot be written, or the one there cannot be replaced.
 * `answers` tells whether the control server of a record whose process lives is really there.
 */
export async function claimFolder(
  folder: string,
  record: RunRecord,
  answers: (holder: RunRecord) => Promise<boolean>,
): Promise<Claim> {
  const startedMs = performance.now();
  let replaced: RunRecord | undefined;
  // Each turn wins, finds a living holder, waits for a broken record, or removes a dead one.
  for (;;) {
    if (create(folder, record)) return { ok: true, replaced };
    const found = readRunFile(folder);
    const holder = found.kind === 'record' ? found.record : undefined;
    if (holder !== undefined && isAlive(holder) && (await answers(holder))) return { ok: false, holder };
    if (found.kind === 'unreadable') {
      if (isFileSystemError(found.error)) throw found.error;
      if (performance.now() - startedMs < limits.recordHealMaxMs) {
        await new Promise((resolve) => setTimeout(resolve, limits.portPollMs));
        continue;
      }
    }
    if (setAside(folder, holder?.id, record.id)) replaced = holder;
  }
}

/**
 * Writes the record of the one that has the folder, unless it stands there already. False when the folder is
 * another's by now; that one's record is left alone.
 */
export function writeRunRecord(folder: string, record: RunRecord): boolean {
  const found = readRunFile(folder);
  if (found.kind === 'none') return create(folder, record);
  if (found.kind === 'record') {
    if (found.record.id !== record.id) return false;
    if (text(found.record) === text(record)) return true;
  }
  place(folder, record, renameSync);
  return true;
}

/** Looks after the record until the function it gives is called. */
export function keepRunRecord(folder: string, record: RunRecord): () => void {
  const timer = setInterval(() => {
    try {
      writeRunRecord(folder, record);
    } catch {
      // It is tried again; until then the others say that nothing answers.
    }
  }, limits.recordLookMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Gives the folder up, if it is still this one's. */
export function releaseFolder(folder: string, id: string): void {
  const found = readRunFile(folder);
  if (found.kind !== 'record' || found.record.id !== id) return;
  try {
    unlinkSync(runFileOf(folder));
  } catch {
    // The next one finds that this process is gone.
  }
}

/** Removes the record of `deadId`. Another `up` may have replaced it meanwhile: then that one is put back. */
function setAside(folder: string, deadId: string | undefined, ownId: string): boolean {
  const aside = `${runFileOf(folder)}.${ownId}.dead`;
  try {
    renameSync(runFileOf(folder), aside);
  } catch (error) {
    // Another was faster.
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  const moved = parse(aside);
  const removed = (moved.kind === 'record' ? moved.record.id : undefined) === deadId;
  if (!removed) tryLink(aside, runFileOf(folder));
  unlinkSync(aside);
  return removed;
}

/** False when there is a record already. */
function create(folder: string, record: RunRecord): boolean {
  return place(folder, record, tryLink);
}

/** Writes beside and moves or links into place, so that nobody reads half of it. */
function place<T>(folder: string, record: RunRecord, move: (draft: string, file: string) => T): T {
  const draft = `${runFileOf(folder)}.${record.id}`;
  try {
    writeFileSync(draft, text(record), { mode: 0o600 });
    return move(draft, runFileOf(folder));
  } finally {
    rmSync(draft, { force: true });
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

const text = (record: RunRecord): string => `${JSON.stringify(record, undefined, 2)}\n`;

function parse(file: string): RunFile {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as Partial<RunRecord> | null;
    const known = typeof record?.id === 'string' && Number.isInteger(record.pid);
    if (known) return { kind: 'record', record: record as RunRecord };
    return { kind: 'unreadable', error: new Error('it is not the record of a holdfast up') };
  } catch (error) {
    const missing = ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '');
    return missing ? { kind: 'none' } : { kind: 'unreadable', error };
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

const isFileSystemError = (error: unknown): boolean => codeOf(error) !== undefined;
