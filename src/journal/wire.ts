import { crc32 } from 'node:zlib';
import { assert } from '../std/index.ts';
import { limits } from './limits.ts';

/**
 * What stands in the files of a journal. All numbers are little-endian; every checksum is zlib's CRC-32.
 *
 * A block, 32 bytes: magic (8 letters), version (u32), two numbers (u64, u64), checksum of all before it.
 * A frame: checksum (u32) of all behind it, length of the payload (u32, its top bit marks the first frame
 * of a write), sequence number (the low 32 bits), payload.
 *
 * A segment is a block (its number, the sequence number of its first record), frames, and zeros to its end.
 * A snapshot is a block (its position, 0), a frame for each chunk, numbered from 0, and at its very end a
 * block (number of chunks, bytes of the whole file).
 */
export const version = 1;
export const blockBytes = 32;
export const frameBytes = 12;

export type Magic = 'HFsegmnt' | 'HFsnapsh' | 'HFsnpend';

/** The length's bit that says: this record is the first of its write. */
const openingBit = 0x8000_0000;
const lengthMask = 0x7fff_ffff;

export function writeBlock(into: DataView, magic: Magic, one: number, other: number): void {
  for (let index = 0; index < 8; index++) into.setUint8(index, magic.charCodeAt(index));
  into.setUint32(8, version, true);
  setU64(into, 12, one);
  setU64(into, 20, other);
  into.setUint32(28, crc32(new Uint8Array(into.buffer, into.byteOffset, 28)), true);
}

export type ReadBlock =
  | { readonly kind: 'block'; readonly one: number; readonly other: number }
  | { readonly kind: 'zeros' }
  | { readonly kind: 'newer'; readonly version: number }
  | { readonly kind: 'wrong'; readonly what: string };

/** `what` is a phrase. A block cut off by the end of its file is wrong as well. */
export function readBlock(bytes: Uint8Array, magic: Magic): ReadBlock {
  if (isZero(bytes)) return { kind: 'zeros' };
  if (bytes.byteLength < blockBytes) return { kind: 'wrong', what: 'a header that is cut off' };
  const view = viewOf(bytes);
  const sum = crc32(bytes.subarray(0, 28));
  if (view.getUint32(28, true) !== sum) return { kind: 'wrong', what: 'a header with a wrong checksum' };
  const found = String.fromCharCode(...bytes.subarray(0, 8));
  if (found !== magic) return { kind: 'wrong', what: `a header of something else (${found})` };
  const itsVersion = view.getUint32(8, true);
  if (itsVersion > version) return { kind: 'newer', version: itsVersion };
  return { kind: 'block', one: getU64(view, 12), other: getU64(view, 20) };
}

/** Writes a frame at `offset` and returns where it ends. `bytes` and `view` are of the same memory. */
export function writeFrame(
  into: { readonly bytes: Uint8Array; readonly view: DataView },
  offset: number,
  frame: { readonly payload: Uint8Array; readonly sequence: number; readonly opens: boolean },
): number {
  const { payload, sequence, opens } = frame;
  const end = offset + frameBytes + payload.byteLength;
  into.view.setUint32(offset + 4, opens ? payload.byteLength + openingBit : payload.byteLength, true);
  into.view.setUint32(offset + 8, sequence, true);
  into.bytes.set(payload, offset + frameBytes);
  into.view.setUint32(offset, crc32(into.bytes.subarray(offset + 4, end)), true);
  return end;
}

/** The payload's length; 0 where zeros say that nothing follows; undefined when it cannot be one. */
export function frameLength(view: DataView, offset: number): number | undefined {
  const word = view.getUint32(offset + 4, true);
  const length = word & lengthMask;
  if (word !== 0 && length === 0) return undefined;
  return length > limits.recordBytesMax ? undefined : length;
}

/** Whether the frame at `offset` is the first of a write. Not that behind a header, which comes with it. */
export function opensWrite(view: DataView, offset: number): boolean {
  return view.getUint32(offset + 4, true) >= openingBit;
}

/** What is wrong with the frame at `offset`, which is there whole; undefined when nothing is. */
export function frameProblem(
  bytes: Uint8Array,
  view: DataView,
  at: { readonly offset: number; readonly end: number; readonly sequence: number },
): string | undefined {
  const { offset, end, sequence } = at;
  if (view.getUint32(offset, true) !== crc32(bytes.subarray(offset + 4, end))) {
    return 'a record with a wrong checksum';
  }
  const found = view.getUint32(offset + 8, true);
  return found === sequence >>> 0 ? undefined : `record ${found} where ${sequence} should be`;
}

/**
 * Whether a whole frame that is the first of a write begins somewhere in `bytes`, numbered later than
 * `sequence`: then what stood at `sequence` was written whole once, because one write waits for the other.
 * Payloads may be full of what looks like headers, each with megabytes to be summed: past a bound it is taken
 * for true, as who is careful would.
 */
export function holdsLaterWrite(bytes: Uint8Array, sequence: number): boolean {
  const view = viewOf(bytes);
  const framesMax = Math.ceil(bytes.byteLength / (frameBytes + 1));
  let summedBytes = 0;
  for (let offset = 0; offset + frameBytes < bytes.byteLength; offset++) {
    if (!opensWrite(view, offset)) continue;
    const later = (view.getUint32(offset + 8, true) - sequence) >>> 0;
    if (later === 0 || later > framesMax) continue;
    const length = frameLength(view, offset);
    const end = offset + frameBytes + (length ?? 0);
    if (length === undefined || end > bytes.byteLength) continue;
    summedBytes += end - offset;
    if (summedBytes > limits.searchBytesMax) return true;
    if (frameProblem(bytes, view, { offset, end, sequence: sequence + later }) === undefined) return true;
  }
  return false;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export const zeros: Uint8Array = new Uint8Array(limits.zeroBytesMax);

export function isZero(bytes: Uint8Array): boolean {
  for (let from = 0; from < bytes.byteLength; from += zeros.byteLength) {
    const part = bytes.subarray(from, from + zeros.byteLength);
    if (Buffer.compare(part, zeros.subarray(0, part.byteLength)) !== 0) return false;
  }
  return true;
}

function setU64(view: DataView, offset: number, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, 'a number in a header is whole and not negative');
  view.setBigUint64(offset, BigInt(value), true);
}

function getU64(view: DataView, offset: number): number {
  return Number(view.getBigUint64(offset, true));
}
