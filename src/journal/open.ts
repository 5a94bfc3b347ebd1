import { dirname } from 'node:path';
import type { Clock, Disk, DiskFailure, DiskLock } from '../host/index.ts';
import { assert, ignore, type Observe } from '../std/index.ts';
import type { Damage } from './damage.ts';
import type { JournalEvent } from './events.ts';
import { type Journal, OpenedJournal } from './journal.ts';
import { limits } from './limits.ts';
import { lockName } from './names.ts';
import { type Past, type Replay, recover } from './recovery/recover.ts';
import { ask, attempt, run, StepFailure, type Steps } from './steps.ts';

export interface JournalOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** The journal's own; made when it is missing, and locked as long as the journal is open. */
  readonly folder: string;
  /**
   * What becomes of records that are damaged, torn in a power cut or rotten. stop: the journal is not opened.
   * truncate: they and all later ones are left out, their bytes kept aside as `*.damaged-N`. A damaged
   * snapshot is replaced by an older one and all records since, or else the journal is not opened either way.
   */
  readonly onDamage: 'stop' | 'truncate';
  /**
   * Called at most once: the disk failed, nothing more is acknowledged. What was queued may be there after a
   * restart or not: the process has to stop, since only recovery can tell.
   */
  readonly fatal: (failure: DiskFailure) => void;
  /** 16 MiB by default. */
  readonly segmentBytes?: number | undefined;
  /** Snapshots kept beside the newest, with the records since: what a damaged one can be replaced by. */
  readonly olderSnapshots?: 0 | 1 | undefined;
  readonly observe?: Observe<JournalEvent> | undefined;
}

export type OpenOutcome =
  | { readonly ok: true; readonly journal: Journal; readonly recovered: Recovered }
  | { readonly ok: false; readonly failure: OpenFailure };

export type Recovered = Pick<Past, 'position' | 'snapshotPosition' | 'records' | 'damage'>;

/** `message` says what happened and what to do. */
export type OpenFailure =
  /** It is open already, here or in another process. */
  | { readonly kind: 'in-use'; readonly message: string }
  | { readonly kind: 'damaged'; readonly message: string; readonly damage: Damage }
  | { readonly kind: 'newer'; readonly message: string }
  | { readonly kind: 'disk'; readonly message: string; readonly failure: DiskFailure };

/**
 * Opens the journal in a folder: hands its past to `replay`, then calls `done`. After a failure what was
 * replayed counts for nothing. A full disk is no failure: the past can be read, and appends are refused
 * until there is room.
 */
export function openJournal(
  options: JournalOptions,
  replay: Replay,
  done: (outcome: OpenOutcome) => void,
): void {
  const { segmentBytes = limits.segmentBytes } = options;
  const isPossible = segmentBytes >= limits.segmentBytesMin && segmentBytes <= limits.segmentBytesMax;
  assert(Number.isInteger(segmentBytes) && isPossible, 'a segment has a possible size');
  run(opening(options, replay), (outcome) => {
    if (outcome.ok) done(outcome.value);
    else done({ ok: false, failure: diskFailed(options.folder, outcome.failure) });
  });
}

function* opening(options: JournalOptions, replay: Replay): Steps<OpenOutcome> {
  const { disk, folder } = options;
  yield* makeFolder(disk, folder);
  const locked = yield* attempt<DiskLock>((done) => disk.lock(`${folder}/${lockName}`, done));
  if (!locked.ok && locked.failure.kind === 'in-use') return { ok: false, failure: inUse(folder) };
  if (!locked.ok) throw new StepFailure(locked.failure);
  const lock = locked.value;
  try {
    const report = (damage: Damage): void => options.observe?.({ type: 'damage', damage });
    const recovery = yield* recover({ ...options, report }, replay);
    if (recovery.kind === 'recovered') return yield* openAfter(options, lock, recovery);
    yield* ask<void>((done) => lock.release(done));
    return { ok: false, failure: recovery };
  } catch (error) {
    yield* attempt<void>((done) => lock.release(done));
    throw error;
  }
}

function* openAfter(options: JournalOptions, lock: DiskLock, past: Past): Steps<OpenOutcome> {
  const { segmentBytes = limits.segmentBytes, olderSnapshots = 0, observe = ignore } = options;
  const { position, snapshotPosition, records, damage } = past;
  const opened = { ...options, segmentBytes, olderSnapshots, observe, lock, past };
  const journal = new OpenedJournal(opened);
  yield* journal.start();
  return { ok: true, journal, recovered: { position, snapshotPosition, records, damage } };
}

/** With all folders above it, durably: some may be new, and not durable since a crash. */
function* makeFolder(disk: Disk, folder: string): Steps<void> {
  const listed = yield* attempt<readonly string[]>((done) => disk.list(folder, done));
  if (!listed.ok) yield* ask<void>((done) => disk.makeDirectory(folder, done));
  for (let child = folder; dirname(child) !== child; child = dirname(child)) {
    const parent = dirname(child);
    const synced = yield* attempt<void>((done) => disk.syncDirectory(parent, done));
    // Where we may not even look we have made nothing.
    if (!synced.ok && synced.failure.kind !== 'denied') throw new StepFailure(synced.failure);
  }
}

function inUse(folder: string): OpenFailure {
  const message =
    `The journal in ${folder} is open already, in this process or in another. ` +
    'Stop that one, or use another folder.';
  return { kind: 'in-use', message };
}

function diskFailed(folder: string, failure: DiskFailure): OpenFailure {
  const message = `The journal in ${folder} cannot be opened: ${failure.message}`;
  const advice = 'See to the disk and its permissions, and start again.';
  return { kind: 'disk', failure, message: `${message.replace(/\.?$/, '.')} ${advice}` };
}
