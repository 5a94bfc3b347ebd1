import type { DiskFile } from '../../host/index.ts';
import type { Damage } from '../damage.ts';
import { snapshotName } from '../names.ts';
import { type Place, withFile } from '../place.ts';
import { ask, StepFailure, type Steps } from '../steps.ts';
import { blockBytes, readBlock } from '../wire.ts';
import { readFrames, type Visit } from './frames.ts';

export type SnapshotVerdict =
  | { readonly kind: 'whole'; readonly chunks: number }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'damaged'; readonly damage: Damage };

/** Reads all of a snapshot; hands out nothing. */
export function* verifySnapshot(place: Place, position: number): Steps<SnapshotVerdict> {
  const name = snapshotName(position);
  return yield* withFile(place, name, (file) => verifyFile(file, name, position));
}

export function* readSnapshot(place: Place, position: number, chunks: number, visit: Visit): Steps<void> {
  const end = yield* withFile(place, snapshotName(position), (file) =>
    readFrames(file, { first: 0, until: chunks }, visit),
  );
  if (end.sequence === chunks) return;
  throw new StepFailure({ kind: 'io', message: `${snapshotName(position)} reads differently each time.` });
}

function* verifyFile(file: DiskFile, name: string, position: number): Steps<SnapshotVerdict> {
  const damaged = (offset: number, what: string): SnapshotVerdict => ({
    kind: 'damaged',
    damage: { file: name, offset, what, where: 'snapshot', position },
  });
  const size = yield* ask<number>((done) => file.size(done));
  const header = readBlock(yield* ask<Uint8Array>((done) => file.read(0, blockBytes, done)), 'HFsnapsh');
  if (header.kind === 'newer') return header;
  if (header.kind !== 'block') {
    return damaged(0, header.kind === 'wrong' ? header.what : 'zeros where the header should be');
  }
  if (header.one !== position) return damaged(0, `the header of a snapshot at ${header.one}`);
  const footerAt = Math.max(0, size - blockBytes);
  const footer = readBlock(
    yield* ask<Uint8Array>((done) => file.read(footerAt, blockBytes, done)),
    'HFsnpend',
  );
  if (footer.kind !== 'block' || footer.other !== size) return damaged(footerAt, 'its end is not there');
  const chunks = footer.one;
  const end = yield* readFrames(file, { first: 0, until: chunks }, () => {});
  if (end.problem !== undefined) return damaged(end.offset, end.problem.replace('record', 'chunk'));
  if (end.sequence < chunks || end.offset !== footerAt) return damaged(end.offset, 'chunks are missing');
  return { kind: 'whole', chunks };
}
