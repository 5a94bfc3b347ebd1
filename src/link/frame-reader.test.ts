import { describe, expect, it } from 'vitest';
import { seedOf } from '../host/acceptance/index.ts';
import { Prng } from '../std/index.ts';
import { FrameReader } from './frame-reader.ts';
import { Outbox } from './outbox.ts';
import { frameType, headerBytes, magic, problemOf, readU16, readU32 } from './wire.ts';

const seed = seedOf(import.meta.url);
const payloadBytesMax = 1000;

interface Frame {
  readonly type: number;
  readonly kind: number;
  readonly id: number;
  readonly payload: string;
}

/** What a reader makes of chunks, its payloads looked at only in the end: they must stay as they were. */
function read(
  chunks: readonly Uint8Array[],
  stopAfter = Number.POSITIVE_INFINITY,
): { frames: Frame[]; problem: string | undefined } {
  const reader = new FrameReader(payloadBytesMax);
  const taken: { type: number; kind: number; id: number; payload: Uint8Array }[] = [];
  let problem: string | undefined;
  for (const chunk of chunks) {
    const found = reader.push(chunk, {
      frame: (type, kind, id, payload) => {
        taken.push({ type, kind, id, payload });
        if (taken.length >= stopAfter) reader.stop();
      },
    });
    if (problem === undefined) problem = found;
    else expect(found, 'a problem is said once').toBeUndefined();
  }
  const frames = taken.map(({ payload, ...frame }) => ({
    ...frame,
    payload: Buffer.from(payload).toString('hex'),
  }));
  return { frames, problem };
}

/** The same by the book: all at once, slowly. */
function expected(bytes: Uint8Array): { frames: Frame[]; problem: boolean } {
  const frames: Frame[] = [];
  for (let at = 0; at < Math.min(magic.length, bytes.length); at++) {
    if (bytes[at] !== magic[at]) return { frames, problem: true };
  }
  let at = magic.length;
  while (bytes.length - at >= headerBytes) {
    const length = readU32(bytes, at);
    const [type, zero] = [bytes[at + 4] as number, bytes[at + 5] as number];
    const [kind, id] = [readU16(bytes, at + 6), readU32(bytes, at + 8)];
    if (problemOf(type, zero, kind, id, length) !== undefined || length > payloadBytesMax) {
      return { frames, problem: true };
    }
    const start = at + headerBytes;
    if (start + length > bytes.length) break;
    const payload = Buffer.from(bytes.subarray(start, start + length)).toString('hex');
    frames.push({ type, kind, id, payload });
    at = start + length;
  }
  return { frames, problem: false };
}

/** Frames as a peer would send them. */
function validStream(prng: Prng): Uint8Array {
  const out = new Outbox();
  out.put(magic);
  for (let index = prng.below(30); index >= 0; index--) {
    const payload = prng.bytes(prng.chance(0.3) ? 0 : prng.below(prng.chance(0.1) ? payloadBytesMax : 50));
    const [kind, id] = [prng.below(0x1_0000), prng.u32()];
    const { message, request, streamData, heartbeat, credit } = frameType;
    const type = [message, request, streamData, heartbeat, credit][prng.below(5)];
    if (type === message) out.frame(message, kind, 0, payload);
    else if (type === request) out.frame(request, kind, id, payload);
    else if (type === streamData) out.frame(streamData, 0, id, payload);
    else if (type === heartbeat) out.frame(heartbeat);
    else out.frame(credit, 0, id, prng.bytes(4));
  }
  const pieces: Uint8Array[] = [];
  for (let piece = out.take(); piece !== undefined; piece = out.take()) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

function chunked(prng: Prng, bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  const most = [1, 3, 20, 200, 5000][prng.below(5)] ?? 1;
  for (let at = 0; at < bytes.length; ) {
    const chunk = bytes.slice(at, at + 1 + prng.below(most));
    chunks.push(chunk);
    at += chunk.length;
  }
  return chunks;
}

/** Bytes changed, left out, put in, doubled or cut off. */
function mutated(prng: Prng, bytes: Uint8Array): Uint8Array {
  const list = [...bytes];
  for (let count = 1 + prng.below(3); count > 0; count--) {
    const at = prng.below(list.length + 1);
    const how = prng.below(5);
    if (how === 0 && at < list.length) list[at] = prng.below(256);
    else if (how === 1) list.splice(at, 1 + prng.below(20));
    else if (how === 2) list.splice(at, 0, ...prng.bytes(1 + prng.below(20)));
    else if (how === 3) list.splice(at, 0, ...list.slice(at, at + 1 + prng.below(40)));
    else list.length = at;
  }
  return new Uint8Array(list);
}

describe('FrameReader', () => {
  it('reads frames however they are cut, and says what is wrong with the others', () => {
    const prng = new Prng(seed);
    let problems = 0;
    for (let round = 0; round < 1000; round++) {
      const valid = validStream(prng);
      const bytes = prng.chance(0.7) ? mutated(prng, valid) : valid;
      const { frames, problem } = read(chunked(prng, bytes));
      const right = expected(bytes);
      expect(frames, `round ${round} of seed ${seed}`).toEqual(right.frames);
      expect(problem !== undefined, `round ${round} of seed ${seed}`).toBe(right.problem);
      if (problem !== undefined) problems++;
    }
    expect(problems).toBeGreaterThan(150);
  });

  it('makes nothing of noise', () => {
    const prng = new Prng(seed);
    for (let round = 0; round < 500; round++) {
      const noise = prng.bytes(1 + prng.below(200));
      const bytes = prng.chance(0.5) ? new Uint8Array([...magic, ...noise]) : noise;
      const { frames, problem } = read(chunked(prng, bytes));
      const right = expected(bytes);
      expect(frames).toEqual(right.frames);
      expect(problem !== undefined).toBe(right.problem);
    }
  });

  it('delivers nothing after it was stopped', () => {
    const prng = new Prng(seed);
    for (let round = 0; round < 200; round++) {
      const bytes = validStream(prng);
      const { frames } = read(chunked(prng, bytes), 2);
      expect(frames).toEqual(expected(bytes).frames.slice(0, 2));
    }
  });

  it('gives views of what it was given, and copies only what lies in several chunks', () => {
    const out = new Outbox();
    out.put(magic);
    out.frame(frameType.message, 1, 0, new Uint8Array([1, 2, 3]));
    const bytes = out.take() as Uint8Array;
    const payloads: Uint8Array[] = [];
    const sink = {
      frame: (_: number, __: number, ___: number, payload: Uint8Array) => void payloads.push(payload),
    };
    new FrameReader(100).push(bytes, sink);
    const split = new FrameReader(100);
    split.push(bytes.subarray(0, bytes.length - 1), sink);
    split.push(bytes.subarray(bytes.length - 1), sink);
    expect(payloads.map((payload) => [...payload])).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(payloads[0]?.buffer).toBe(bytes.buffer);
    expect(payloads[1]?.buffer).not.toBe(bytes.buffer);
  });

  it('makes no room for a frame over the bound', () => {
    const out = new Outbox();
    out.put(magic);
    out.frame(frameType.message, 1, 0, new Uint8Array(101));
    const reader = new FrameReader(100);
    expect(reader.push(out.take() as Uint8Array, { frame: () => {} })).toBe(
      'sent a frame of 101 bytes, over the bound of 100',
    );
    expect(reader.stopped).toBe(true);
  });
});
