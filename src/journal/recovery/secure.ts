import type { DiskFile } from '../../host/index.ts';
import { segmentName } from '../names.ts';
import type { Place } from '../place.ts';
import { ask, attempt, StepFailure, type Steps } from '../steps.ts';
import type { LastWrite } from './walk.ts';

/**
 * Makes durable what a recovery is about to build on. The last write may be seen and not be on the medium:
 * its process was killed before it went through, or it failed and the system kept in memory what it could
 * not write (Rebello et al., "Can Applications Recover from fsync Failures?", 2020). A sync would not help in
 * the second case, so it is written again. All writes before it had gone through when it began.
 */
export function* secure({ disk, folder }: Place, { number, from, to }: LastWrite): Steps<void> {
  const path = `${folder}/${segmentName(number)}`;
  const file = yield* ask<DiskFile>((done) => disk.open(path, { create: false, writeThrough: true }, done));
  try {
    const bytes = yield* ask<Uint8Array>((done) => file.read(from, to - from, done));
    const written = yield* attempt<void>((done) => file.write(from, bytes, done));
    if (written.ok) return;
    if (written.failure.kind !== 'full') throw new StepFailure(written.failure);
    // No room to write the same again, as on a copy-on-write file system: what is left is the first case.
    yield* ask<void>((done) => file.sync(done));
  } finally {
    yield* attempt<void>((done) => file.close(done));
  }
}
