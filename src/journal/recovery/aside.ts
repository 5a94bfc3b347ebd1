import type { Disk, DiskFile } from '../../host/index.ts';
import { asideName, type Listing, nextTurn, segmentName } from '../names.ts';
import { type Place, withFile } from '../place.ts';
import { ask, attempt, StepFailure, type Steps } from '../steps.ts';

/** Keeps what is damaged for inspection, out of the way of every later recovery. */
export class Aside {
  readonly #place: Place;
  readonly #turn: number;
  #tooOld: readonly string[];

  constructor(place: Place, asides: Listing['asides']) {
    this.#place = place;
    const { turn, tooOld } = nextTurn(asides);
    this.#turn = turn;
    this.#tooOld = tooOld;
  }

  *file(name: string): Steps<void> {
    yield* this.#makeRoom();
    const { disk, folder } = this.#place;
    const to = `${folder}/${asideName(name, this.#turn)}`;
    yield* ask<void>((done) => disk.rename(`${folder}/${name}`, to, done));
    yield* ask<void>((done) => disk.syncDirectory(folder, done));
  }

  /**
   * All records of these segments from `offset` in the first of them on. From the last to the first: after a
   * crash on the way the same damage is found again. Returns the segments that are gone as a whole.
   */
  *records<S extends { readonly number: number }>(
    segments: readonly S[],
    offset: number,
  ): Steps<readonly S[]> {
    // The first keeps what stands before the damage.
    const gone = segments.slice(offset === 0 ? 0 : 1);
    for (const segment of [...gone].reverse()) yield* this.file(segmentName(segment.number));
    const [first] = segments;
    if (first !== undefined && offset > 0) yield* this.#tail(segmentName(first.number), offset);
    return gone;
  }

  *#tail(name: string, offset: number): Steps<void> {
    yield* this.#makeRoom();
    const { disk, folder } = this.#place;
    const to = `${folder}/${asideName(name, this.#turn)}`;
    yield* withFile(this.#place, name, function* (file) {
      const size = yield* ask<number>((done) => file.size(done));
      const bytes = yield* ask<Uint8Array>((done) => file.read(offset, size - offset, done));
      // On a full disk it is done without: what was durable can be read all the same.
      yield* keep(disk, to, withoutZeros(bytes));
      yield* ask<void>((done) => disk.syncDirectory(folder, done));
      yield* ask<void>((done) => file.truncate(offset, done));
      yield* ask<void>((done) => file.sync(done));
    });
  }

  *#makeRoom(): Steps<void> {
    const { disk, folder } = this.#place;
    for (const name of this.#tooOld) yield* attempt<void>((done) => disk.remove(`${folder}/${name}`, done));
    this.#tooOld = [];
  }
}

/** Writes a file of its own, if there is room for it. */
function* keep(disk: Disk, to: string, bytes: Uint8Array): Steps<void> {
  const opened = yield* attempt<DiskFile>((done) =>
    disk.open(to, { create: true, writeThrough: true }, done),
  );
  if (!opened.ok) {
    if (opened.failure.kind !== 'full') throw new StepFailure(opened.failure);
    return;
  }
  const written = yield* attempt<void>((done) => opened.value.write(0, bytes, done));
  yield* ask<void>((done) => opened.value.close(done));
  if (written.ok) return;
  if (written.failure.kind !== 'full') throw new StepFailure(written.failure);
  yield* attempt<void>((done) => disk.remove(to, done));
}

/** Without those at the end. */
function withoutZeros(bytes: Uint8Array): Uint8Array {
  let length = bytes.byteLength;
  while (length > 0 && bytes[length - 1] === 0) length--;
  return bytes.subarray(0, length);
}
