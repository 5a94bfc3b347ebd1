import { describe, expect, it } from 'vitest';
import { createSimulation } from '../simulator/index.ts';
import { Prng } from '../std/index.ts';
import { damageFile, type JournalStage, open, readAll, record, succeed, texts } from './testing/stage.ts';
import { holdsLaterWrite, readBlock, viewOf, writeBlock, writeFrame } from './wire.ts';

// Journals out there look like this. Other bytes are another version: raise it, and go on reading this one.
const segment = [
  // HFsegmnt, version 1, segment 1, first record 0, checksum
  '48467365676d6e74 01000000 0100000000000000 0000000000000000 0d7796b5',
  // checksum, length 3, record 0: one; it came with the header
  '0e884877 03000000 00000000 6f6e65',
  // length 3, the first of its write, record 1: two
  'f70aa2e9 03000080 01000000 74776f',
  // length 5, the first of its write, record 2: three
  'fefb4f5a 05000080 02000000 7468726565',
  // length 4, record 3: four
  '9243d947 04000000 03000000 666f7572',
];
const snapshot = [
  // HFsnapsh, version 1, position 4, 0, checksum
  '4846736e61707368 01000000 0400000000000000 0000000000000000 22d722db',
  // two chunks: chunk, other
  'a2737f41 05000000 00000000 6368756e6b',
  'ef235a1a 05000000 01000000 6f74686572',
  // HFsnpend, version 1, 2 chunks, 98 bytes, checksum
  '4846736e70656e64 01000000 0200000000000000 6200000000000000 5d585812',
];
const segmentName = '0000000000000001.segment';
const snapshotName = '0000000000000004.snapshot';

function bytesOf(lines: readonly string[]): Uint8Array {
  return new Uint8Array(Buffer.from(lines.join('').replaceAll(' ', ''), 'hex'));
}

function stage(): JournalStage {
  const simulation = createSimulation({ seed: 1 });
  return {
    host: simulation.host('a'),
    folder: '/data',
    byteStep: 1,
    until: async (condition, what) => {
      if (!simulation.runUntil(condition, 10_000)) throw new Error(what);
    },
  };
}

describe('the files of a journal', () => {
  it('are written byte for byte as ever', async () => {
    const at = stage();
    const opened = await open(at, { segmentBytes: 256, olderSnapshots: 1 });
    await opened.append(record('one'));
    await opened.append(record('two'));
    await opened.append(record('three'), record('four'));
    await opened.snapshot(record('chunk'), record('other'));
    await opened.close();
    const written = await readAll(at, segmentName);
    const used = bytesOf(segment).byteLength;
    expect(Buffer.from(written.subarray(0, used)).toString('hex')).toBe(
      Buffer.from(bytesOf(segment)).toString('hex'),
    );
    expect(written.subarray(used)).toEqual(new Uint8Array(256 - used));
    expect(Buffer.from(await readAll(at, snapshotName)).toString('hex')).toBe(
      Buffer.from(bytesOf(snapshot)).toString('hex'),
    );
  });

  it('are read as ever', async () => {
    const at = stage();
    await succeed<void>(at, (done) => at.host.disk.makeDirectory('/data/journal', done));
    await damageFile(at, segmentName, 0, bytesOf(segment));
    let opened = await open(at);
    expect(texts(opened.records)).toEqual(['one', 'two', 'three', 'four']);
    await opened.close();
    await damageFile(at, snapshotName, 0, bytesOf(snapshot));
    opened = await open(at);
    expect([texts(opened.chunks), texts(opened.records)]).toEqual([['chunk', 'other'], []]);
    await opened.close();
  });
});

describe('a block', () => {
  it('is itself, zeros, wrong, or of a newer version', () => {
    const bytes = new Uint8Array(32);
    expect(readBlock(bytes, 'HFsegmnt')).toEqual({ kind: 'zeros' });
    writeBlock(viewOf(bytes), 'HFsegmnt', 2 ** 53 - 1, 7);
    expect(readBlock(bytes, 'HFsegmnt')).toEqual({ kind: 'block', one: 2 ** 53 - 1, other: 7 });
    expect(readBlock(bytes, 'HFsnapsh')).toMatchObject({ what: 'a header of something else (HFsegmnt)' });
    expect(readBlock(bytes.subarray(0, 31), 'HFsegmnt')).toMatchObject({ kind: 'wrong' });
    bytes[20] = 8;
    expect(readBlock(bytes, 'HFsegmnt')).toMatchObject({ what: 'a header with a wrong checksum' });
  });
});

describe('what stands behind damage', () => {
  const frames = (sequences: readonly number[], opening: readonly number[]): Uint8Array => {
    const bytes = new Uint8Array(10_000);
    let end = 100;
    for (const sequence of sequences) {
      const payload = new Uint8Array(50).fill(1);
      const frame = { payload, sequence, opens: opening.includes(sequence) };
      end = writeFrame({ bytes, view: viewOf(bytes) }, end, frame);
    }
    return bytes;
  };

  it('is taken for a later write when too much looks like one', () => {
    const bytes = new Uint8Array(16 * 1024 * 1024);
    const view = viewOf(bytes);
    // Headers of the largest records, in 64 KiB of a payload: each would be summed up.
    for (let offset = 0; offset < 65_536; offset += 12) {
      view.setUint32(offset, 1, true);
      view.setUint32(offset + 4, 0x8000_0000 + 8 * 1024 * 1024, true);
      view.setUint32(offset + 8, 600_000, true);
    }
    expect(holdsLaterWrite(bytes, 5)).toBe(true);
    expect(holdsLaterWrite(bytes.subarray(0, 10_000), 5)).toBe(false);
  });

  it('is a later write only when a whole record begins one, with a number that follows', () => {
    expect(holdsLaterWrite(frames([5, 6, 7], [7]), 4)).toBe(true);
    expect(holdsLaterWrite(frames([5, 6, 7], []), 4)).toBe(false);
    // The damaged one itself, and one from before.
    expect(holdsLaterWrite(frames([4], [4]), 4)).toBe(false);
    expect(holdsLaterWrite(frames([3], [3]), 4)).toBe(false);
    // One that cannot be: so many do not fit before it.
    expect(holdsLaterWrite(frames([5000], [5000]), 4)).toBe(false);
    // Beyond 32 bits as well.
    expect(holdsLaterWrite(frames([2 ** 32 + 1], [2 ** 32 + 1]), 2 ** 32 - 1)).toBe(true);
    const broken = frames([5], [5]);
    broken[120] = 9;
    expect(holdsLaterWrite(broken, 4)).toBe(false);
  });

  it('is looked for in time even when it is rubbish', () => {
    const rubbish = new Prng(1).bytes(4 * 1024 * 1024);
    expect(holdsLaterWrite(rubbish, 17)).toBe(false);
  });
});
