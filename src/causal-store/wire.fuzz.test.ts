import { describe, expect, it } from 'vitest';
import type { Prng } from '../std/index.ts';
import { ByteReader, ByteWriter, MalformedBytes } from './bytes.ts';
import { readHeader, writeHeader } from './core/header.ts';
import { decodeNote, encodeNote } from './core/notes.ts';
import { emptyStage, Scan, stageChunk } from './core/scan.ts';
import { State } from './core/state.ts';
import * as messages from './messages.ts';
import { encoded, id, randomRecord, vector } from './testing/records.ts';
import { forSeeds, pick } from './testing/seeds.ts';
import { decodeRecord, encodeRecord } from './wire.ts';

function randomState(prng: Prng): State {
  const state = new State();
  for (let count = prng.below(20); count >= 0; count--) state.apply(randomRecord(prng));
  return state;
}

const identity = { node: id('1'), start: 2, origin: id('a'), address: 'r1:8090' };

/** Whatever comes from a disk or a peer: something whole, and what reads it. */
const formats: readonly (readonly [string, (prng: Prng) => Uint8Array, (bytes: Uint8Array) => unknown])[] =
  [
    ['records', (prng) => encodeRecord(randomRecord(prng)), decodeRecord],
    [
      'notes',
      (prng) =>
        encodeNote({
          note: 'publish',
          rejoins: prng.chance(0.5) ? { ...identity, stamp: 9, leaves: 'o:1' } : undefined,
        }),
      decodeNote,
    ],
    [
      'greetings',
      () => messages.encodeGreeting({ ...identity, group: 0, applied: vector('a5 b300') }),
      messages.decodeGreeting,
    ],
    [
      'verdicts',
      () =>
        messages.encodeVerdict({
          judgement: 'rejoin',
          listed: true,
          presenceBy: { rank: 2, stamp: 300, origin: id('b'), sequence: 4 },
          bindingBy: undefined,
          forgotten: undefined,
        }),
      messages.decodeVerdict,
    ],
    ['pulls', () => messages.encodePull({ epoch: 3, accepted: vector('a5 b9') }), messages.decodePull],
    [
      'batches',
      (prng) =>
        messages.encodeRecords({ epoch: 3, wantsAck: true, records: [encodeRecord(randomRecord(prng))] }),
      (bytes) => messages.decodeRecords(bytes).records.map(decodeRecord),
    ],
    ['acknowledgements', () => messages.encodeAck({ origin: id('a'), sequence: 7 }), messages.decodeAck],
    ['joins', () => messages.encodeJoin({ epoch: 2, node: id('c') }), messages.decodeJoin],
    [
      'headers',
      (prng) => {
        const writer = new ByteWriter();
        writeHeader(writer, randomState(prng));
        return writer.take();
      },
      (bytes) => readHeader(new ByteReader(bytes)).mergeInto(new State()),
    ],
    [
      'chunks of snapshots',
      (prng) => {
        const tail = [encoded(randomRecord(prng))];
        return new Scan(randomState(prng), { tail: () => tail }).next() ?? new Uint8Array(0);
      },
      (bytes) => stageChunk(emptyStage(), bytes),
    ],
  ];

describe.each(formats)('%s', (_, whole, read) => {
  it('are read as they were written', () => {
    forSeeds(50, (prng) => {
      expect(() => read(whole(prng))).not.toThrow();
    });
  });

  it('that are damaged in any way are refused as malformed, or mean something else', () => {
    forSeeds(600, (prng) => {
      const good = whole(prng);
      const damaged = pick(prng, [flipped, cut, overwritten, garbage])(prng, Buffer.from(good));
      try {
        read(damaged);
      } catch (error) {
        if (!(error instanceof MalformedBytes)) throw error;
      }
    });
  });
});

function flipped(prng: Prng, bytes: Buffer): Buffer {
  const at = prng.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << prng.below(8));
  return bytes;
}

function cut(prng: Prng, bytes: Buffer): Buffer {
  return bytes.subarray(0, prng.below(bytes.length));
}

/** Numbers that are as large as can be. */
function overwritten(prng: Prng, bytes: Buffer): Buffer {
  bytes.fill(0xff, prng.below(bytes.length)).fill(0x0f, bytes.length - prng.below(bytes.length));
  return bytes;
}

function garbage(prng: Prng): Buffer {
  return Buffer.from(prng.bytes(prng.below(200)));
}
