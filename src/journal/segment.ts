import type { DiskFile } from '../host/index.ts';
import { must } from '../std/index.ts';
import { segmentName } from './names.ts';
import type { Place } from './place.ts';
import { ask, attempt, StepFailure, type Steps } from './steps.ts';
import { blockBytes, zeros } from './wire.ts';

/**
 * A file of zeros that records are written over: its blocks are allocated, so that a write needs no room
 * and changes no metadata. Records may be given their places in it before it is there.
 */
export class Segment {
  readonly number: number;
  /** Given to records, from the start on; 0 until the first has its place. At most `plannedBytes`. */
  usedBytes = 0;
  #plannedBytes: number;
  /** There, zeros or records, and durable. */
  #sizeBytes = 0;
  /** Zeros of `make` that are there already, and durable. */
  #filledBytes = 0;
  #file: DiskFile | undefined;

  constructor(number: number, plannedBytes: number) {
    this.number = number;
    this.#plannedBytes = plannedBytes;
  }

  get plannedBytes(): number {
    return this.#plannedBytes;
  }

  /** Whether it may be written to. */
  get ready(): boolean {
    return this.#sizeBytes === this.#plannedBytes;
  }

  get file(): DiskFile {
    return must(this.#file, 'a segment is prepared before it is used');
  }

  /** For frames. */
  get leftBytes(): number {
    return this.#plannedBytes - Math.max(this.usedBytes, blockBytes);
  }

  /** Plans for at least so many bytes of frames. */
  planFor(bytes: number): void {
    this.#plannedBytes = Math.max(this.#plannedBytes, blockBytes + bytes);
  }

  /** Plans for what has its place already and no more. False: there is nothing to be saved. */
  shrink(): boolean {
    const neededBytes = Math.max(this.usedBytes, this.#sizeBytes);
    if (this.usedBytes === 0 || neededBytes === this.#plannedBytes) return false;
    this.#plannedBytes = neededBytes;
    return true;
  }

  /**
   * Makes the file, or what is missing of it. After a failure it may be called again. Where there is not room
   * for all of it, it keeps none: a snapshot may need just that to make more.
   */
  *make({ disk, folder }: Place): Steps<void> {
    const path = `${folder}/${segmentName(this.number)}`;
    this.#file ??= yield* ask<DiskFile>((done) =>
      disk.open(path, { create: true, writeThrough: true }, done),
    );
    const toBytes = this.#plannedBytes;
    const sizeBytes = this.#sizeBytes;
    try {
      yield* this.#fill(this.#file, toBytes);
    } catch (error) {
      if (error instanceof StepFailure && error.failure.kind === 'full') yield* this.#giveBack(this.#file);
      throw error;
    }
    if (sizeBytes === 0) yield* ask<void>((done) => disk.syncDirectory(folder, done));
    this.#sizeBytes = toBytes;
  }

  /** Behind a write under way. Whether or not it could be: all that was written is durable. */
  *close(): Steps<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) yield* attempt<void>((done) => file.close(done));
  }

  *#fill(file: DiskFile, toBytes: number): Steps<void> {
    while (this.#filledBytes < toBytes) {
      const position = this.#filledBytes;
      const part = zeros.subarray(0, toBytes - position);
      yield* ask<void>((done) => file.write(position, part, done));
      this.#filledBytes += part.byteLength;
    }
  }

  *#giveBack(file: DiskFile): Steps<void> {
    this.#filledBytes = this.#sizeBytes;
    yield* attempt<void>((done) => file.truncate(this.#filledBytes, done));
  }
}
