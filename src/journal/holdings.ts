import { segmentName, snapshotName } from './names.ts';
import type { Place } from './place.ts';
import { attempt, type Steps } from './steps.ts';

/** A segment, and the sequence number of its first record. */
export interface Begun {
  readonly number: number;
  readonly first: number;
}

/** The files that a journal's past is in: segments in order, and whole snapshots by position. */
export class Holdings {
  #segments: Begun[];
  #snapshots: number[];
  /** Of the records in all segments, once the last takes no more. */
  #end = Number.POSITIVE_INFINITY;

  constructor(segments: readonly Begun[], snapshots: readonly number[]) {
    this.#segments = [...segments];
    this.#snapshots = [...snapshots];
  }

  addSegment(begun: Begun): void {
    this.#segments.push(begun);
    this.#end = Number.POSITIVE_INFINITY;
  }

  addSnapshot(position: number): void {
    this.#snapshots = [...this.#snapshots.filter((each) => each !== position), position];
  }

  /** The last segment takes no more records: the next one comes at `position`. */
  endSegments(position: number): void {
    this.#end = position;
  }

  /** Whether the oldest snapshot kept is of all records before `position`. */
  covers(position: number, olderSnapshots: number): boolean {
    return (this.#snapshots.at(-1 - olderSnapshots) ?? -1) >= position;
  }

  /**
   * Removes what no recovery needs any more: the segments whose records lie before the oldest snapshot kept,
   * and all but the newest snapshots. What cannot be removed now may be next time.
   */
  *retire(place: Place & { readonly olderSnapshots: number }): Steps<void> {
    const { disk, folder, olderSnapshots } = place;
    const oldest = this.#snapshots.at(-1 - olderSnapshots);
    // With too few snapshots the oldest beginning is the empty one: it needs all segments.
    if (oldest === undefined) return;
    // The next one's first record is the end of this one's.
    const isDone = (_: Begun, index: number): boolean =>
      (this.#segments[index + 1]?.first ?? this.#end) <= oldest;
    for (const segment of this.#segments.filter(isDone)) {
      const path = `${folder}/${segmentName(segment.number)}`;
      const removed = yield* attempt<void>((done) => disk.remove(path, done));
      if (removed.ok) this.#segments = this.#segments.filter((each) => each !== segment);
    }
    // What stands at 0 is the beginning of the records from 0 on, and stays as long as they do.
    const isBeginning = (position: number): boolean => position === 0 && this.#segments[0]?.first === 0;
    for (const position of this.#snapshots.filter((each) => each < oldest && !isBeginning(each))) {
      const path = `${folder}/${snapshotName(position)}`;
      const removed = yield* attempt<void>((done) => disk.remove(path, done));
      if (removed.ok) this.#snapshots = this.#snapshots.filter((each) => each !== position);
    }
  }
}
