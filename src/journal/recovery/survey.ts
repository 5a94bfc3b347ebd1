import type { DiskFile } from '../../host/index.ts';
import { limits } from '../limits.ts';
import { segmentName } from '../names.ts';
import { type Place, withFile } from '../place.ts';
import { ask, type Steps } from '../steps.ts';
import { blockBytes, isZero, readBlock } from '../wire.ts';

/** A segment with records, or with what should have been some. */
export type Surveyed =
  | { readonly kind: 'begun'; readonly number: number; readonly first: number }
  | { readonly kind: 'damaged'; readonly number: number; readonly what: string };

export type Survey =
  | Surveyed
  /** Nothing but zeros: it was made for records that never came. */
  | { readonly kind: 'unused'; readonly number: number }
  | { readonly kind: 'newer'; readonly number: number; readonly version: number };

/** Reads the header of a segment. */
export function* survey(place: Place, number: number): Steps<Survey> {
  return yield* withFile(place, segmentName(number), (file) => surveyFile(file, number));
}

function* surveyFile(file: DiskFile, number: number): Steps<Survey> {
  const bytes = yield* ask<Uint8Array>((done) => file.read(0, blockBytes, done));
  const block = readBlock(bytes, 'HFsegmnt');
  switch (block.kind) {
    case 'block':
      if (block.one === number) return { kind: 'begun', number, first: block.other };
      return { kind: 'damaged', number, what: `the header of segment ${block.one}` };
    case 'zeros':
      if (yield* isZeroFrom(file, bytes.byteLength)) return { kind: 'unused', number };
      return { kind: 'damaged', number, what: 'zeros where the header should be' };
    case 'newer':
      return { kind: 'newer', number, version: block.version };
    case 'wrong':
      return { kind: 'damaged', number, what: block.what };
  }
}

export function* isZeroFrom(file: DiskFile, offset: number): Steps<boolean> {
  for (let position = offset; ; position += limits.readBytes) {
    const from = position;
    const bytes = yield* ask<Uint8Array>((done) => file.read(from, limits.readBytes, done));
    if (!isZero(bytes)) return false;
    if (bytes.byteLength < limits.readBytes) return true;
  }
}
