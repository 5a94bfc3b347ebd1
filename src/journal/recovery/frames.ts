import type { DiskFile } from '../../host/index.ts';
import { limits } from '../limits.ts';
import { ask, type Steps } from '../steps.ts';
import { blockBytes, frameBytes, frameLength, frameProblem, isZero, opensWrite, viewOf } from '../wire.ts';

export interface FramesEnd {
  /** Of the first frame that was not read. */
  readonly sequence: number;
  /** Where it begins, or would. */
  readonly offset: number;
  /** Where the write began that the last frame read came with. */
  readonly lastWrite: number;
  /** Why no more can be read, a phrase; undefined at `until`, at zeros and at the end of the file. */
  readonly problem: string | undefined;
}

export type Visit = (payload: Uint8Array, sequence: number) => void;

/**
 * Reads the frames of a file up to the one numbered `until` and not beyond: nothing there is missed, whatever
 * it is. The payloads are parts of what was read at a time.
 */
export function* readFrames(
  file: DiskFile,
  range: { readonly first: number; readonly until: number },
  visit: Visit,
): Steps<FramesEnd> {
  let offset = blockBytes;
  let sequence = range.first;
  let lastWrite = 0;
  let wanted: number = limits.readBytes;
  while (sequence < range.until) {
    const [position, length] = [offset, wanted];
    const bytes = yield* ask<Uint8Array>((done) => file.read(position, length, done));
    const visited = visitFrames(bytes, { first: sequence, until: range.until }, visit);
    if (visited.lastWrite !== undefined) lastWrite = offset + visited.lastWrite;
    offset += visited.length;
    sequence = visited.sequence;
    if (visited.end !== 'cut') return { sequence, offset, lastWrite, problem: visited.end };
    if (bytes.byteLength < wanted) {
      const problem = isZero(bytes.subarray(visited.length)) ? undefined : 'a record that is cut off';
      return { sequence, offset, lastWrite, problem };
    }
    // Read again from its start, and whole.
    wanted = Math.max(limits.readBytes, visited.cutBytes);
  }
  return { sequence, offset, lastWrite, problem: undefined };
}

interface Visited {
  readonly sequence: number;
  /** Of all whole frames. */
  readonly length: number;
  /** Where the last of them that begins a write stands. */
  readonly lastWrite: number | undefined;
  /** undefined: all that is wanted or all there is; cut: the bytes end within a frame; else a problem. */
  readonly end: 'cut' | string | undefined;
  /** Of the frame that is cut off, as far as is known. */
  readonly cutBytes: number;
}

function visitFrames(
  bytes: Uint8Array,
  range: { readonly first: number; readonly until: number },
  visit: Visit,
): Visited {
  const view = viewOf(bytes);
  let sequence = range.first;
  let offset = 0;
  let lastWrite: number | undefined;
  const ended = (end: Visited['end'], cutBytes = 0): Visited => {
    return { sequence, length: offset, lastWrite, end, cutBytes };
  };
  while (sequence < range.until) {
    if (offset + frameBytes > bytes.byteLength) return ended('cut', frameBytes);
    const length = frameLength(view, offset);
    if (length === 0) return ended(undefined);
    if (length === undefined) return ended('a record with an impossible length');
    const end = offset + frameBytes + length;
    if (end > bytes.byteLength) return ended('cut', frameBytes + length);
    const problem = frameProblem(bytes, view, { offset, end, sequence });
    if (problem !== undefined) return ended(problem);
    if (opensWrite(view, offset)) lastWrite = offset;
    visit(bytes.subarray(offset + frameBytes, end), sequence);
    sequence++;
    offset = end;
  }
  return ended(undefined);
}
