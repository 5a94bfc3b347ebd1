import type { DiskFile, DiskOutcome, Done, Host } from '../../host/index.ts';
import {
  type Damage,
  type Journal,
  type JournalEvent,
  type JournalOptions,
  type OpenOutcome,
  openJournal,
  type SnapshotOutcome,
} from '../index.ts';

/** Where the tests of a journal play: a host, an empty folder on its disk, and a way to let time pass. */
export interface JournalStage {
  readonly host: Pick<Host, 'disk' | 'clock' | 'faults'>;
  readonly folder: string;
  /** Where every byte of a file should be tried: a disk that takes its time tries only every so many. */
  readonly byteStep: number;
  until(condition: () => boolean, what: string): Promise<void>;
  close?(): void;
}

/** A journal that has been opened, and what came of it. */
export class Opened {
  readonly journal: Journal;
  readonly outcome: Extract<OpenOutcome, { ok: true }>;
  readonly chunks: readonly Uint8Array[];
  readonly records: readonly Uint8Array[];
  readonly events: JournalEvent[];
  readonly fatal: string[];
  readonly #stage: JournalStage;

  constructor(
    stage: JournalStage,
    outcome: Extract<OpenOutcome, { ok: true }>,
    seen: Pick<Opened, 'chunks' | 'records' | 'events' | 'fatal'>,
  ) {
    this.#stage = stage;
    this.outcome = outcome;
    this.journal = outcome.journal;
    this.chunks = seen.chunks;
    this.records = seen.records;
    this.events = seen.events;
    this.fatal = seen.fatal;
  }

  /** Appends, and waits until it is durable. */
  async append(...records: Uint8Array[]): Promise<void> {
    let durable = 0;
    for (const record of records) {
      if (this.journal.append(record, () => durable++)) continue;
      throw new Error(`A record is refused: ${this.journal.refusing}`);
    }
    await this.#stage.until(() => durable === records.length, 'all are durable');
  }

  async snapshot(...chunks: Uint8Array[]): Promise<SnapshotOutcome> {
    const left = [...chunks];
    let outcome: SnapshotOutcome | undefined;
    const taken = this.journal.snapshot(
      () => () => left.shift(),
      (settled) => {
        outcome = settled;
      },
    );
    if (!taken) throw new Error('A snapshot is refused.');
    await this.#stage.until(() => outcome !== undefined, 'the snapshot ends');
    return outcome as unknown as SnapshotOutcome;
  }

  async close(): Promise<void> {
    let closed = false;
    this.journal.close(() => {
      closed = true;
    });
    await this.#stage.until(() => closed, 'the journal closes');
  }

  counted(type: JournalEvent['type']): number {
    return this.events.filter((event) => event.type === type).length;
  }
}

export type TestOptions = Partial<Omit<JournalOptions, 'clock'>>;

/** Opens the journal of a stage, with segments of 4 KiB unless told otherwise; undefined: it was refused. */
export async function tryOpen(
  stage: JournalStage,
  options: TestOptions = {},
): Promise<{ readonly outcome: OpenOutcome; readonly opened: Opened | undefined }> {
  const chunks: Uint8Array[] = [];
  const records: Uint8Array[] = [];
  const events: JournalEvent[] = [];
  const fatal: string[] = [];
  let outcome: OpenOutcome | undefined;
  const all: JournalOptions = {
    disk: stage.host.disk,
    clock: stage.host.clock,
    folder: `${stage.folder}/journal`,
    onDamage: 'stop',
    segmentBytes: 4096,
    fatal: (failure) => fatal.push(failure.message),
    observe: (event) => events.push(event),
    ...options,
  };
  const replay = {
    snapshot: (chunk: Uint8Array) => chunks.push(chunk.slice()),
    record: (bytes: Uint8Array, position: number) => {
      if (records.length > 0 && position !== first + records.length)
        throw new Error('A position is skipped.');
      if (records.length === 0) first = position;
      records.push(bytes.slice());
    },
  };
  let first = 0;
  openJournal(all, replay, (settled) => {
    outcome = settled;
  });
  await stage.until(() => outcome !== undefined, 'the journal opens');
  const settled = outcome as unknown as OpenOutcome;
  const seen = { chunks, records, events, fatal };
  return { outcome: settled, opened: settled.ok ? new Opened(stage, settled, seen) : undefined };
}

export async function open(stage: JournalStage, options: TestOptions = {}): Promise<Opened> {
  const { outcome, opened } = await tryOpen(stage, options);
  if (opened !== undefined) return opened;
  throw new Error(outcome.ok ? 'It is open.' : outcome.failure.message);
}

/** The damage because of which the journal is not opened. */
export async function damageOf(stage: JournalStage, options: TestOptions = {}): Promise<Damage> {
  const { outcome } = await tryOpen(stage, { onDamage: 'stop', ...options });
  if (outcome.ok || outcome.failure.kind !== 'damaged') throw new Error('No damage is found.');
  return outcome.failure.damage;
}

export async function succeed<T>(stage: JournalStage, begin: (done: Done<T>) => void): Promise<T> {
  let outcome: DiskOutcome<T> | undefined;
  begin((settled) => {
    outcome = settled;
  });
  await stage.until(() => outcome !== undefined, 'an operation of the disk ends');
  const settled = outcome as unknown as DiskOutcome<T>;
  if (settled.ok) return settled.value;
  throw new Error(`${settled.failure.kind}: ${settled.failure.message}`);
}

/** Names in the journal's folder with this in them, in order. */
export async function names(stage: JournalStage, part: string): Promise<string[]> {
  const { disk } = stage.host;
  const all = await succeed<readonly string[]>(stage, (done) => disk.list(`${stage.folder}/journal`, done));
  return all.filter((name) => name.includes(part)).sort();
}

/** Lets `change` have its way with a file of the journal. */
export async function withFile<T>(
  stage: JournalStage,
  name: string,
  change: (file: DiskFile) => Promise<T>,
): Promise<T> {
  const path = `${stage.folder}/journal/${name}`;
  const { disk } = stage.host;
  const file = await succeed<DiskFile>(stage, (done) => disk.open(path, { create: true }, done));
  const result = await change(file);
  await succeed<void>(stage, (done) => file.close(done));
  return result;
}

export async function readAll(stage: JournalStage, name: string): Promise<Uint8Array> {
  return withFile(stage, name, (file) =>
    succeed<Uint8Array>(stage, (done) => file.read(0, 64 * 1024 * 1024, done)),
  );
}

/** Writes over bytes of a file; flips the bits of one where none are given. */
export async function damageFile(
  stage: JournalStage,
  name: string,
  offset: number,
  bytes?: Uint8Array,
): Promise<void> {
  await withFile(stage, name, async (file) => {
    const old = await succeed<Uint8Array>(stage, (done) => file.read(offset, 1, done));
    const written = bytes ?? new Uint8Array([~(old[0] ?? 0) & 0xff]);
    await succeed<void>(stage, (done) => file.write(offset, written, done));
    await succeed<void>(stage, (done) => file.sync(done));
  });
}

export function record(text: string, bytes = text.length): Uint8Array {
  const record = new Uint8Array(bytes).fill(46);
  for (let index = 0; index < text.length; index++) record[index] = text.charCodeAt(index);
  return record;
}

/** What `record` was made of. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(/\.+$/, '');
}

export function texts(records: readonly Uint8Array[]): string[] {
  return records.map(textOf);
}

/** `r0` to the one before `rN`. */
export function labels(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, index) => `r${from + index}`);
}
