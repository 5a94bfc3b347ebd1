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

  constructor(segments: readonly Begun[], snapshots: readonly number[]) {
    this.#segments = [...segments];
    this.#snapshots = [...snapshots];
  }

  addSegment(begun: Begun): void {
    this.#segments.push(begun);
  }

  addSnapshot(position: number): void {
    this.#snapshots = [...this.#snapshots.filter((each) => each !== position), position];
  }

  /**
   * Removes what no recovery needs any more: all but the newest snapshots, and the segments whose records
   * lie before the oldest one kept. What cannot be removed now may be next time.
   */
  *retire(place: Place & { readonly olderSnapshots: number }): Steps<void> {
    const { disk, folder, olderSnapshots } = place;
    const oldest = this.#snapshots.at(-1 - olderSnapshots);
    // With too few snapshots the oldest beginning is the empty one: it needs all segments.
    if (oldest === undefined) return;
    for (const position of this.#snapshots.filter((each) => each < oldest)) {
      const path = `${folder}/${snapshotName(position)}`;
      const removed = yield* attempt<void>((done) => disk.remove(path, done));
      if (removed.ok) this.#snapshots = this.#snapshots.filter((each) => each !== position);
    }
    // The next one's first record is the end of this one's.
    const isDone = (_: Begun, index: number): boolean =>
      (this.#segments[index + 1]?.first ?? Infinity) <= oldest;
    for (const segment of this.#segments.filter(isDone)) {
      const path = `${folder}/${segmentName(segment.number)}`;
      const removed = yield* attempt<void>((done) => disk.remove(path, done));
      if (removed.ok) this.#segments = this.#segments.filter((each) => each !== segment);
    }
  }
}
