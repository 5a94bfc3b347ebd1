import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runs } from './processes.ts';

/**
 * `up.json`: which `up` a data folder belongs to, and how to reach it. It is created exclusively, so that of
 * two that start together one gets the folder. One that was killed leaves it behind: its process is gone, and
 * the next may take its place.
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

const fileOf = (folder: string): string => join(folder, 'up.json');

/** Undefined when there is none, or nothing that can be read. */
export function readRunRecord(folder: string): RunRecord | undefined {
  return parse(fileOf(folder));
}

export function isAlive({ pid, startTicks }: RunRecord): boolean {
  return runs(pid, startTicks);
}

/** `answers` tells whether the control server of a record whose process lives is really there. */
export async function claimFolder(
  folder: string,
  record: RunRecord,
  answers: (holder: RunRecord) => Promise<boolean>,
): Promise<Claim> {
  const draft = `${fileOf(folder)}.${record.id}`;
  writeFileSync(draft, text(record), { mode: 0o600 });
  try {
    let replaced: RunRecord | undefined;
    // Each turn either wins, finds a living holder, or removes one dead record.
    for (;;) {
      if (tryLink(draft, fileOf(folder))) return { ok: true, replaced };
      const holder = readRunRecord(folder);
      if (holder !== undefined && isAlive(holder) && (await answers(holder))) return { ok: false, holder };
      if (setAside(folder, holder?.id, record.id)) replaced = holder;
    }
  } finally {
    unlinkSync(draft);
  }
}

/** False when the folder is another's by now; that one's record is left alone. */
export function updateRunRecord(folder: string, record: RunRecord): boolean {
  if (readRunRecord(folder)?.id !== record.id) return false;
  const draft = `${fileOf(folder)}.${record.id}`;
  writeFileSync(draft, text(record), { mode: 0o600 });
  renameSync(draft, fileOf(folder));
  return true;
}

/** Gives the folder up, if it is still this one's. */
export function releaseFolder(folder: string, id: string): void {
  if (readRunRecord(folder)?.id === id) unlinkSync(fileOf(folder));
}

/** Removes the record of `deadId`. Another `up` may have replaced it meanwhile: then that one is put back. */
function setAside(folder: string, deadId: string | undefined, ownId: string): boolean {
  const aside = `${fileOf(folder)}.${ownId}.dead`;
  try {
    renameSync(fileOf(folder), aside);
  } catch {
    return false;
  }
  const moved = parse(aside);
  const removed = moved?.id === deadId;
  if (!removed) tryLink(aside, fileOf(folder));
  unlinkSync(aside);
  return removed;
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

const text = (record: RunRecord): string => `${JSON.stringify(record, undefined, 2)}\n`;

function parse(file: string): RunRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as Partial<RunRecord> | null;
    const known = typeof record?.id === 'string' && Number.isInteger(record.pid);
    return known ? (record as RunRecord) : undefined;
  } catch {
    return undefined;
  }
}
