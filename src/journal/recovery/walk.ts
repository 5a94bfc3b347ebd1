import type { DiskFile } from '../../host/index.ts';
import type { Damage } from '../damage.ts';
import { segmentName } from '../names.ts';
import { type Place, withFile } from '../place.ts';
import { ask, type Steps } from '../steps.ts';
import { holdsLaterWrite } from '../wire.ts';
import { type FramesEnd, readFrames, type Visit } from './frames.ts';
import { isZeroFrom, type Surveyed } from './survey.ts';

export interface Walked {
  /** Of the first record that is not there. */
  readonly position: number;
  /** The last write that was read; undefined when there was none. */
  readonly lastWrite: LastWrite | undefined;
  readonly damage: Damage | undefined;
  /** The segments from the damaged one on. */
  readonly damaged: readonly Surveyed[];
}

/** Bytes of a segment. */
export interface LastWrite {
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Reads the records from `position` on. It starts in the last segment that begins no later; what lies before
 * is not needed. Each segment has to begin where the one before it ends: so nothing can be missing between
 * two of them, whatever their numbers.
 */
export function* walk(
  place: Place,
  segments: readonly Surveyed[],
  position: number,
  visit: Visit,
): Steps<Walked> {
  const startsBy = (each: Surveyed): boolean => each.kind === 'begun' && each.first <= position;
  const needed = segments.slice(Math.max(0, segments.findLastIndex(startsBy)));
  const [start] = needed;
  let expected = start?.kind === 'begun' && start.first <= position ? start.first : position;
  const visitNew: Visit = (payload, sequence) => {
    if (sequence >= position) visit(payload, sequence);
  };
  let lastWrite: LastWrite | undefined;
  for (const [index, segment] of needed.entries()) {
    const later = needed.slice(index + 1);
    const read = yield* readSegment(place, segment, { expected, next: later[0] }, visitNew);
    expected = read.sequence;
    if (read.offset > 0) lastWrite = { number: segment.number, from: read.lastWrite, to: read.offset };
    if (read.problem === undefined) continue;
    const { offset, problem: what } = read;
    const where = yield* whereIs(place, segment, { offset, sequence: expected }, later);
    const lost = Math.max(expected, position);
    const damage: Damage = { file: segmentName(segment.number), offset, what, where, position: lost };
    return { position: lost, lastWrite, damage, damaged: [segment, ...later] };
  }
  return { position: Math.max(expected, position), lastWrite, damage: undefined, damaged: [] };
}

function* readSegment(
  place: Place,
  segment: Surveyed,
  at: { readonly expected: number; readonly next: Surveyed | undefined },
  visit: Visit,
): Steps<FramesEnd> {
  const { expected, next } = at;
  const unread = (problem: string): FramesEnd => ({
    sequence: expected,
    offset: 0,
    lastWrite: 0,
    problem,
  });
  if (segment.kind === 'damaged') return unread(segment.what);
  const { first } = segment;
  if (first > expected) return unread(`records ${expected} to ${first - 1} are missing before it`);
  if (first < expected) return unread(`it begins with record ${first}, which was read before`);
  return yield* withFile(place, segmentName(segment.number), function* (file) {
    // Only the last one ends by itself.
    const until = next?.kind === 'begun' ? next.first : Number.POSITIVE_INFINITY;
    const end = yield* readFrames(file, { first, until }, visit);
    if (end.problem !== undefined) return end;
    if (until !== Number.POSITIVE_INFINITY) {
      const missing = `records ${end.sequence} to ${until - 1} are missing`;
      return end.sequence < until ? { ...end, problem: missing } : end;
    }
    const clean = yield* isZeroFrom(file, end.offset);
    return clean ? end : { ...end, problem: `zeros where record ${end.sequence} should be` };
  });
}

function* whereIs(
  place: Place,
  segment: Surveyed,
  from: { readonly offset: number; readonly sequence: number },
  later: readonly Surveyed[],
): Steps<Damage['where']> {
  if (later.some((each) => each.kind === 'begun')) return 'middle';
  return yield* withFile(place, segmentName(segment.number), function* (file: DiskFile) {
    const size = yield* ask<number>((done) => file.size(done));
    const rest = yield* ask<Uint8Array>((done) => file.read(from.offset, size - from.offset, done));
    return holdsLaterWrite(rest, from.sequence) ? 'middle' : 'tail';
  });
}
