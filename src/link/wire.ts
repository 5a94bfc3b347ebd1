/**
 * The bytes on a connection, version 1. Each side first sends the magic, then frames:
 *
 *     length u32 | type u8 | zero u8 | kind u16 | id u32 | payload
 *
 * in network order; `length` is that of the payload. A field that a type does not use is zero. The magic,
 * this header and the hello never change; everything else may with the version the hellos agree on. The
 * golden bytes in wire.test.ts change together with `versionMax`.
 */
export const magic: Uint8Array = new TextEncoder().encode('HOLDLNK1');
export const headerBytes = 12;

export const versionMin = 1;
export const versionMax = 1;

export const frameType = {
  /** Who one is: `encodeHello`. */
  hello: 1,
  /** Knows the key: an HMAC, or nothing without a key. id: the last adoption seen from this peer. */
  proof: 2,
  /** The side with the smaller address keeps this connection. id: the number of the adoption. */
  adopt: 3,
  /** Ends a handshake. kind: a `refusalCode`; payload: why, as text. */
  refuse: 4,

  heartbeat: 16,
  message: 17,
  request: 18,
  /** id: that of the request, here and in the next. */
  answer: 19,
  /** payload: why, as text. */
  rejection: 20,
  /** id: odd when the dialling side opens it, even when the accepting side does. */
  streamOpen: 21,
  streamData: 22,
  streamEnd: 23,
  /** payload: why, as text. */
  streamReset: 24,
  /** payload: u32, so many bytes more may be sent. */
  credit: 25,
  /** The last frame: this side goes on purpose. */
  close: 26,
} as const;

interface Shape {
  readonly kind: boolean;
  readonly id: boolean;
  /** Of the payload. Undefined: any. */
  readonly length?: readonly number[];
}

const plain: Shape = { kind: false, id: false, length: [0] };
const shapes: readonly (Shape | undefined)[] = Object.assign([] as (Shape | undefined)[], {
  [frameType.hello]: { kind: false, id: false },
  [frameType.proof]: { kind: false, id: true, length: [0, 32] },
  [frameType.adopt]: { kind: false, id: true, length: [0] },
  [frameType.refuse]: { kind: true, id: false },
  [frameType.heartbeat]: plain,
  [frameType.message]: { kind: true, id: false },
  [frameType.request]: { kind: true, id: true },
  [frameType.answer]: { kind: false, id: true },
  [frameType.rejection]: { kind: false, id: true },
  [frameType.streamOpen]: { kind: true, id: true },
  [frameType.streamData]: { kind: false, id: true },
  [frameType.streamEnd]: { kind: false, id: true, length: [0] },
  [frameType.streamReset]: { kind: false, id: true },
  [frameType.credit]: { kind: false, id: true, length: [4] },
  [frameType.close]: plain,
});

/** What is wrong with a header by itself, as the end of a sentence about its sender. */
export function problemOf(
  type: number,
  zero: number,
  kind: number,
  id: number,
  length: number,
): string | undefined {
  const shape = shapes[type];
  if (shape === undefined) return `sent a frame of the unknown type ${type}`;
  const isClean = zero === 0 && (shape.kind || kind === 0) && (shape.id || id === 0);
  if (!isClean) return `sent a frame of type ${type} with something where nothing belongs`;
  if (shape.length !== undefined && !shape.length.includes(length)) {
    return `sent a frame of type ${type} of a wrong length, ${length}`;
  }
  return undefined;
}

export function writeHeader(
  bytes: Uint8Array,
  at: number,
  type: number,
  kind: number,
  id: number,
  length: number,
): void {
  writeU32(bytes, at, length);
  bytes[at + 4] = type;
  bytes[at + 5] = 0;
  bytes[at + 6] = kind >>> 8;
  bytes[at + 7] = kind;
  writeU32(bytes, at + 8, id);
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** The array must reach so far. */
export function readU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function readU32(bytes: Uint8Array, at: number): number {
  return (readU16(bytes, at) * 0x1_0000 + readU16(bytes, at + 2)) >>> 0;
}
