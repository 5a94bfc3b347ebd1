import type { Disk, DiskFile } from '../host/index.ts';
import { ask, attempt, type Steps } from './steps.ts';

/** Where a journal's files are. */
export interface Place {
  readonly disk: Disk;
  readonly folder: string;
}

/** Opens a file of the journal for the time of some steps. */
export function* withFile<T>(place: Place, name: string, use: (file: DiskFile) => Steps<T>): Steps<T> {
  const path = `${place.folder}/${name}`;
  const file = yield* ask<DiskFile>((done) => place.disk.open(path, { create: false }, done));
  try {
    return yield* use(file);
  } finally {
    yield* attempt<void>((done) => file.close(done));
  }
}
