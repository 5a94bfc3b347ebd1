import type { Disk, DiskFailure, DiskFile } from '../host/index.ts';
import { assert } from '../std/index.ts';
import { limits } from './limits.ts';
import { snapshotName, temporaryName } from './names.ts';
import { ask, attempt, StepFailure, type Steps } from './steps.ts';
import { blockBytes, frameBytes, writeBlock, writeFrame } from './wire.ts';

/**
 * What a snapshot is made of: called once, inside `snapshot`, and then asked for chunks until there is none
 * left. Together they must cover all records before `position`; they may show effects of later ones, which
 * are replayed on top. A chunk is 1 byte to 8 MiB and is copied.
 */
export type SnapshotSource = (position: number) => () => Uint8Array | undefined;

export interface SnapshotPlan {
  readonly disk: Disk;
  readonly folder: string;
  readonly position: number;
  readonly next: () => Uint8Array | undefined;
  /** Why to stop in the middle; undefined as long as there is no reason. */
  readonly givenUp: () => DiskFailure | undefined;
  /** Calls back once all records before `position` are durable, or it is given up. */
  readonly covered: (done: () => void) => void;
}

/**
 * Writes a snapshot aside and puts it in place whole; the name it has then is still to be made durable.
 * Returns its size in bytes. Each write goes through: one large sync at the end would make every commit of
 * that time wait for all of it.
 */
export function* writeSnapshot(plan: SnapshotPlan): Steps<number> {
  const { disk, folder, position } = plan;
  const temporary = `${folder}/${temporaryName(position)}`;
  const file = yield* ask<DiskFile>((done) =>
    disk.open(temporary, { create: true, writeThrough: true }, done),
  );
  try {
    const bytes = yield* writeAll(plan, file);
    yield* ask<void>((done) => file.close(done));
    // Else a crash would leave a snapshot that covers more than the records before it: a gap behind them.
    yield* ask<void>((done) => plan.covered(() => done({ ok: true, value: undefined })));
    stopIfGivenUp(plan);
    yield* ask<void>((done) => disk.rename(temporary, `${folder}/${snapshotName(position)}`, done));
    return bytes;
  } catch (error) {
    yield* attempt<void>((done) => file.close(done));
    yield* attempt<void>((done) => disk.remove(temporary, done));
    throw error;
  }
}

function* writeAll(plan: SnapshotPlan, file: DiskFile): Steps<number> {
  // What a snapshot that was given up at the same position may have left.
  yield* ask<void>((done) => file.truncate(0, done));
  const part = new SnapshotPart();
  part.header(plan.position);
  let chunks = 0;
  let written = 0;
  for (let ended = false; !ended; ) {
    while (part.length < limits.snapshotTurnBytes) {
      const chunk = plan.next();
      if (chunk === undefined) {
        ended = true;
        part.footer(chunks, written + part.length + blockBytes);
        break;
      }
      part.chunk(chunk, chunks++);
    }
    const bytes = part.take();
    const position = written;
    yield* ask<void>((done) => file.write(position, bytes, done));
    written += bytes.byteLength;
    stopIfGivenUp(plan);
  }
  return written;
}

function stopIfGivenUp(plan: SnapshotPlan): void {
  const reason = plan.givenUp();
  if (reason !== undefined) throw new StepFailure(reason);
}

/** Bytes of a snapshot that are written in one turn. */
class SnapshotPart {
  #bytes = new Uint8Array(limits.snapshotTurnBytes + blockBytes);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  header(position: number): void {
    this.#block('HFsnapsh', position, 0);
  }

  footer(chunks: number, fileBytes: number): void {
    this.#block('HFsnpend', chunks, fileBytes);
  }

  chunk(payload: Uint8Array, sequence: number): void {
    const { byteLength } = payload;
    assert(byteLength > 0 && byteLength <= limits.recordBytesMax, 'a chunk is 1 byte to 8 MiB long');
    this.#makeRoom(frameBytes + byteLength);
    const into = { bytes: this.#bytes, view: this.#view };
    this.#length = writeFrame(into, this.#length, { payload, sequence, opens: false });
  }

  /** What is there, to be written before the next is put in. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return taken;
  }

  #block(magic: 'HFsnapsh' | 'HFsnpend', one: number, other: number): void {
    this.#makeRoom(blockBytes);
    writeBlock(new DataView(this.#bytes.buffer, this.#length), magic, one, other);
    this.#length += blockBytes;
  }

  #makeRoom(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.byteLength) return;
    const grown = new Uint8Array(this.#length + bytes);
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
