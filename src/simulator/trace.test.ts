import { describe, expect, it } from 'vitest';
import { seedFor, Trace, TraceHash } from './trace.ts';

describe('TraceHash', () => {
  it('is FNV-1a over words, with 64 bits', () => {
    const hash = new TraceHash();
    let reference = 0xcbf2_9ce4_8422_2325n;
    for (const word of [0, 1, 255, 65_535, 0xffff_ffff, 0x1234_5678, -1]) {
      hash.word(word);
      reference = ((reference ^ BigInt(word >>> 0)) * 0x100_0000_01b3n) & 0xffff_ffff_ffff_ffffn;
      expect(hash.hex()).toBe(reference.toString(16).padStart(16, '0'));
    }
  });

  it('is FNV-1a of the published test vectors when fed bytes', () => {
    const hash = new TraceHash();
    for (const character of 'foobar') hash.word(character.charCodeAt(0));
    expect(hash.hex()).toBe('85944171f73967e8');
  });

  it('tells texts apart that only together are the same', () => {
    const hash = (texts: string[]): string => {
      const made = new TraceHash();
      for (const text of texts) made.text(text);
      return made.hex();
    };
    expect(hash(['ab', 'c'])).not.toBe(hash(['a', 'bc']));
    expect(hash(['ab', ''])).not.toBe(hash(['', 'ab']));
  });
});

describe('seedFor', () => {
  it('gives each purpose its own numbers', () => {
    const seeds = new Set<number>();
    for (let seed = 0; seed < 100; seed++) {
      for (const purpose of ['packets', 'disks', 'host a', 'host b']) seeds.add(seedFor(seed, purpose));
    }
    expect(seeds.size).toBe(400);
    expect(seedFor(1, 'packets')).toBe(seedFor(1, 'packets'));
  });
});

describe('Trace', () => {
  it('keeps the last lines and hashes all of them', () => {
    const trace = new Trace(3);
    for (let index = 1; index <= 5; index++) trace.record(index * 1000, 'a', 'kind', `details ${index}`);
    expect(trace.transcript()).toEqual([
      '       3.000 ms  a        kind       details 3',
      '       4.000 ms  a        kind       details 4',
      '       5.000 ms  a        kind       details 5',
    ]);
    expect(trace.count).toBe(5);
    const other = new Trace(0);
    for (let index = 1; index <= 5; index++) other.record(index * 1000, 'a', 'kind', `details ${index}`);
    expect(other.hex()).toBe(trace.hex());
    expect(other.transcript()).toEqual([]);
  });

  it('depends on the time, the host, the kind, the details and the order', () => {
    const hashes = new Set<string>();
    const events: [number, string, string, string][] = [
      [1, 'a', 'k', 'd'],
      [2, 'a', 'k', 'd'],
      [2 ** 32 + 1, 'a', 'k', 'd'],
      [1, 'b', 'k', 'd'],
      [1, 'a', 'l', 'd'],
      [1, 'a', 'k', 'e'],
    ];
    for (const first of events) {
      for (const second of events) {
        const trace = new Trace(0);
        trace.record(...first);
        trace.record(...second);
        hashes.add(trace.hex());
      }
    }
    expect(hashes.size).toBe(events.length ** 2);
  });

  it('cuts long details in the text', () => {
    const trace = new Trace(1);
    trace.record(0, 'a', 'kind', 'x'.repeat(1000));
    expect(trace.transcript()[0]?.length).toBeLessThan(220);
  });
});
