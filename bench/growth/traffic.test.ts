import { linkMagic } from 'holdfast/link';
import { describe, expect, it } from 'vitest';
import { type Amounts, difference, FrameMeter, purposes, Traffic, totalOf } from './traffic.ts';

const heartbeat = frame(16, 0, []);
const pull = frame(17, 3, [1, 0]);
/** `epoch 1, no ack`, a put of 3 bytes, a claim of 2, each behind its length. */
const records = frame(17, 4, [1, 0, 3, 1, 9, 9, 2, 3, 9]);
const recordsOverhead = 12 + 2 + 1 + 1;

function frame(type: number, kind: number, payload: readonly number[]): Uint8Array {
  return Uint8Array.from([0, 0, 0, payload.length, type, 0, 0, kind, 0, 0, 0, 0, ...payload]);
}

function metered(pieces: readonly Uint8Array[]): Traffic {
  const traffic = new Traffic();
  const meter = new FrameMeter(traffic);
  for (const piece of pieces) meter.push(piece);
  return traffic;
}

function present(amounts: Amounts): Partial<Amounts> {
  return Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount !== 0));
}

describe('the bytes of a connection', () => {
  const whole = Buffer.concat([
    linkMagic,
    frame(1, 0, [1, 2]),
    heartbeat,
    pull,
    records,
    frame(22, 0, [1]),
  ]);

  it('are told apart by what they are for', () => {
    const { bytes, counts } = metered([whole]);
    expect(present(bytes)).toEqual({
      greetings: linkMagic.byteLength + 14,
      heartbeats: 12,
      antiEntropy: 14,
      writes: 3 + recordsOverhead / 2,
      claims: 2 + recordsOverhead / 2,
      other: 13,
    });
    expect(present(counts)).toEqual({
      greetings: 2,
      heartbeats: 1,
      antiEntropy: 1,
      writes: 1,
      claims: 1,
      other: 1,
    });
  });

  it('are all counted, whatever the pieces they are written in', () => {
    for (let length = 1; length <= whole.byteLength; length++) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < whole.byteLength; at += length) pieces.push(whole.subarray(at, at + length));
      const { bytes, counts } = metered(pieces);
      expect(bytes).toEqual(metered([whole]).bytes);
      expect(counts).toEqual(metered([whole]).counts);
      expect(totalOf(bytes)).toBe(whole.byteLength);
    }
  });

  it('count once they make a whole frame', () => {
    const traffic = metered([linkMagic, heartbeat.subarray(0, 11)]);
    expect(traffic.bytes.heartbeats).toBe(0);
    expect(metered([linkMagic, heartbeat.subarray(0, 11), heartbeat.subarray(11)]).bytes.heartbeats).toBe(
      12,
    );
  });
});

it('a difference is taken by purpose', () => {
  const traffic = metered([linkMagic, pull]);
  const before = traffic.bytes;
  traffic.add('acks', 5);
  expect(present(difference(traffic.bytes, before))).toEqual({ acks: 5 });
  expect(Object.keys(difference(before, before))).toEqual([...purposes]);
});
