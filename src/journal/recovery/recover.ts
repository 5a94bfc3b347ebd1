import { type Damage, describeDamage } from '../damage.ts';
import { type Begun, Holdings } from '../holdings.ts';
import { readNames, segmentName } from '../names.ts';
import type { Place } from '../place.ts';
import { ask, attempt, type Steps } from '../steps.ts';
import { Aside } from './aside.ts';
import { type Beginning, chooseBeginning } from './beginning.ts';
import { secure } from './secure.ts';
import { readSnapshot } from './snapshot.ts';
import { type Surveyed, survey } from './survey.ts';
import { walk } from './walk.ts';

export type Recovery =
  | { readonly kind: 'damaged'; readonly message: string; readonly damage: Damage }
  | { readonly kind: 'newer'; readonly message: string }
  | ({ readonly kind: 'recovered' } & Past);

/** What a journal holds when it has been opened. */
export interface Past {
  /** Of the next record. */
  readonly position: number;
  /** Of the snapshot that was replayed. */
  readonly snapshotPosition: number | undefined;
  /** How many were replayed. */
  readonly records: number;
  /** Of the records replayed. */
  readonly bytes: number;
  /** What was found and dealt with: nothing of it will be found again. */
  readonly damage: readonly Damage[];
  readonly holdings: Holdings;
  /** Of the next segment. */
  readonly nextNumber: number;
}

export interface Replay {
  /** The chunks of the newest whole snapshot in their order, before all records. */
  snapshot(chunk: Uint8Array): void;
  /**
   * The records from the snapshot's position on, in their order. `bytes` is a part of a megabyte read at
   * once, which it keeps alive: copy what is kept for long.
   */
  record(bytes: Uint8Array, position: number): void;
}

export interface RecoverOptions extends Place {
  readonly onDamage: 'stop' | 'truncate';
  /** Told before anything is changed: a crash on the way cannot swallow it. */
  readonly report: (damage: Damage) => void;
}

/** Reads a journal's folder to its end. After damage the folder is left as if it had always ended there. */
export function* recover(options: RecoverOptions, replay: Replay): Steps<Recovery> {
  const { disk, folder, onDamage, report } = options;
  const listing = readNames(yield* ask<readonly string[]>((done) => disk.list(folder, done)));
  // Of a snapshot that is there the name must stay, before anything is removed for its sake.
  yield* ask<void>((done) => disk.syncDirectory(folder, done));
  for (const name of listing.temporaries) yield* discard(options, name);
  const surveyed = yield* surveyAll(options, listing.segments);
  if (surveyed.kind === 'newer') return newer(options, surveyed.name);
  const { segments } = surveyed;
  const beginning = yield* chooseBeginning(options, segments, listing.snapshots);
  if (beginning.kind === 'newer') return newer(options, beginning.name);
  if (beginning.kind === 'lost') {
    report(beginning.damage);
    return damaged(options, beginning.damage, restoreOnly);
  }
  for (const each of beginning.damage) report(each);
  const aside = new Aside(options, listing.asides);
  for (const { file } of beginning.damage) yield* aside.file(file);
  const replayed = yield* replayFrom(options, beginning, segments, replay);
  const { damage, lastWrite } = replayed.walked;
  if (damage !== undefined) report(damage);
  if (damage !== undefined && onDamage === 'stop') return damaged(options, damage, restoreOrTruncate);
  if (lastWrite !== undefined) yield* secure(options, lastWrite);
  const gone = damage === undefined ? [] : yield* aside.records(replayed.walked.damaged, damage.offset);

  const unusable = beginning.damage.map((each) => each.position);
  return {
    kind: 'recovered',
    position: replayed.walked.position,
    snapshotPosition: beginning.chunks === undefined ? undefined : beginning.position,
    records: replayed.records,
    bytes: replayed.bytes,
    damage: damage === undefined ? beginning.damage : [...beginning.damage, damage],
    holdings: new Holdings(
      segments.filter((each): each is Begun & Surveyed => each.kind === 'begun' && !gone.includes(each)),
      listing.snapshots.filter((each) => !unusable.includes(each)),
    ),
    nextNumber: listing.nextNumber,
  };
}

function* replayFrom(
  place: Place,
  beginning: Extract<Beginning, { kind: 'found' }>,
  segments: readonly Surveyed[],
  replay: Replay,
) {
  const { position, chunks } = beginning;
  if (chunks !== undefined) yield* readSnapshot(place, position, chunks, (chunk) => replay.snapshot(chunk));
  let records = 0;
  let bytes = 0;
  const walked = yield* walk(place, segments, position, (payload, sequence) => {
    records++;
    bytes += payload.byteLength;
    replay.record(payload, sequence);
  });
  return { walked, records, bytes };
}

type SurveyedAll =
  | { readonly kind: 'surveyed'; readonly segments: readonly Surveyed[] }
  | { readonly kind: 'newer'; readonly name: string };

function* surveyAll(place: Place, numbers: readonly number[]): Steps<SurveyedAll> {
  const segments: Surveyed[] = [];
  const unused: string[] = [];
  for (const number of numbers) {
    const found = yield* survey(place, number);
    if (found.kind === 'newer') return { kind: 'newer', name: segmentName(number) };
    if (found.kind === 'unused') unused.push(segmentName(number));
    else segments.push(found);
  }
  // Not used again: whether its zeros are durable is not known.
  for (const name of unused) yield* discard(place, name);
  return { kind: 'surveyed', segments };
}

/** What cannot be removed is ignored now, and found again next time. */
function* discard({ disk, folder }: Place, name: string): Steps<void> {
  yield* attempt<void>((done) => disk.remove(`${folder}/${name}`, done));
}

const restoreOnly =
  'Restore the folder from a backup or a replica, or move it away to begin with an empty journal.';
const restoreOrTruncate =
  "Restore the folder from a backup or a replica, or open it with onDamage: 'truncate': that leaves out " +
  'this record and all later ones, and keeps their bytes beside them.';

function damaged({ folder }: Place, damage: Damage, advice: string): Recovery {
  return { kind: 'damaged', damage, message: `${describeDamage(damage, folder)} ${advice}` };
}

function newer({ folder }: Place, name: string): Recovery {
  const message = `${folder}/${name} was written by a newer version of Holdfast. Open it with that version.`;
  return { kind: 'newer', message };
}
