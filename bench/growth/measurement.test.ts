import type { StoreRecord } from 'holdfast/causal-store';
import { describe, expect, it } from 'vitest';
import { type Load, type Measured, measure, type Setting } from './measurement.ts';
import { totalOf } from './traffic.ts';

const load: Load = {
  requestsPerS: 100,
  writeShare: 0.4,
  keys: 50,
  valueCharacters: 20,
  warmupMs: 12_000,
  settledMs: 6_000,
  measuredMs: 5_000,
  calmMs: 10_000,
  idleMs: 12_000,
  readingMs: 1_000,
};
const setting: Setting = { replicas: 3, clients: 10, restarts: 0, copies: 1 };
const seed = 11;

interface Applied {
  readonly measured: Measured;
  /** By kind: records of others that replicas have applied, from the first to the last moment. */
  readonly applied: ReadonlyMap<StoreRecord['kind'], number>;
}

/** Each incarnation's opening comes first in its stream: so it is known who applies another's record. */
function measureAndWatch(of: Partial<Setting>): Applied {
  const own = new Map<string, number>();
  const applied = new Map<StoreRecord['kind'], number>();
  const measured = measure({ ...setting, ...of }, load, seed, (replica, record) => {
    if (record.kind === 'opening' && !own.has(record.origin)) own.set(record.origin, replica);
    if (own.get(record.origin) === replica) return;
    applied.set(record.kind, (applied.get(record.kind) ?? 0) + 1);
  });
  return { measured, applied };
}

describe('a small measurement', () => {
  const { measured, applied } = measureAndWatch({});

  it('asks at the rate it says, and every request is answered', () => {
    const { reads, writes, failures, tokens } = measured;
    expect(reads + writes).toBe(tokens.length);
    expect(tokens.length).toBeGreaterThan(460);
    expect(tokens.length).toBeLessThan(540);
    expect(writes).toBeGreaterThan(70);
    expect(writes).toBeLessThan(130);
    expect(failures).toBe(0);
  });

  it('sees each record on its way to each other replica', () => {
    const { counts } = measured.total;
    const [writes, claims, openings] = (['write', 'claim', 'opening'] as const).map(
      (kind) => applied.get(kind) ?? 0,
    ) as [number, number, number];
    expect(writes).toBeGreaterThan(300);
    // Who is asked what is lacking sends what is on its way from a third as well: a few come twice.
    expect(counts.writes).toBeGreaterThanOrEqual(writes);
    expect(counts.writes).toBeLessThan(writes * 1.02);
    expect(counts.claims).toBeGreaterThanOrEqual(claims);
    expect(counts.claims).toBeLessThan(claims * 1.1);
    expect(openings).toBe(6);
    expect(counts.openings).toBeGreaterThanOrEqual(openings);
  });

  it('counts every byte that was written', () => {
    expect(totalOf(measured.total.bytes)).toBeCloseTo(measured.total.written, 3);
    expect(measured.total.bytes.other).toBe(0);
  });

  it('counts for a write the records that the two others get, of the size they have', () => {
    const { bytes, counts, writes } = measured;
    // Some are on their way as the measured time begins or ends.
    expect(Math.abs(counts.writes - 2 * writes)).toBeLessThanOrEqual(4);
    const each = bytes.writes / counts.writes;
    // Of a frame and its message 16 bytes; of the record 24 with its key; 22 of the value.
    expect(each).toBeGreaterThan(60);
    expect(each).toBeLessThan(100);
  });

  it('has nothing but heartbeats and anti-entropy when idle', () => {
    const { heartbeats, antiEntropy } = measured.idleBytes;
    expect(totalOf(measured.idleBytes)).toBe(heartbeats + antiEntropy);
    // Of 12 bytes, four a second at most on each of six ways.
    expect(heartbeats).toBeGreaterThan(12 * 6 * 3 * 12);
    expect(heartbeats).toBeLessThanOrEqual(12 * 6 * 4 * 13);
    // A vector of three entries every three seconds or so.
    expect(antiEntropy / 6).toBeGreaterThan(3 * 40);
    expect(antiEntropy / 6).toBeLessThan(6 * 60);
  });

  it('has tokens of one to three entries of 8 bytes and a sequence', () => {
    expect(Math.min(...measured.tokens)).toBeGreaterThanOrEqual(18);
    expect(Math.max(...measured.tokens)).toBeLessThanOrEqual(Math.ceil(((4 + 3 * 10) * 4) / 3));
    expect(measured.entriesMax).toBeGreaterThan(1);
    expect(measured.entriesMax).toBeLessThanOrEqual(3);
    expect(measured.readersTokens.length).toBeGreaterThan(80);
  });
});

it('gives the same figures for the same seed, and others for another', () => {
  const short: Load = { ...load, warmupMs: 7_000, measuredMs: 1_000, idleMs: 1_000 };
  const one = measure(setting, short, seed);
  expect(measure(setting, short, seed)).toEqual(one);
  expect(measure(setting, short, seed + 1).traceHash).not.toBe(one.traceHash);
});

it('makes an incarnation of every restart, and loses no request to them', () => {
  const { measured } = measureAndWatch({ restarts: 5 });
  expect(measured.origins).toBe(8);
  expect(measured.failures).toBe(0);
  expect(measured.claimPairs).toBeGreaterThan(6);
});

it('sees acknowledgements when writes wait for a second disk', () => {
  const { measured } = measureAndWatch({ copies: 2 });
  expect(measured.counts.acks).toBeGreaterThan(measured.writes);
  expect(measured.bytes.acks / measured.counts.acks).toBeGreaterThanOrEqual(12 + 8 + 1);
});
