import { describe, expect, it } from 'vitest';
import type { Random } from '../random.ts';

/** What every Random does. */
export function randomAcceptance(name: string, make: () => Random): void {
  describe(`Random: ${name}`, () => {
    it('gives whole numbers of 32 bits, each bit set about half of the time', () => {
      const random = make();
      const set = new Array<number>(32).fill(0);
      const draws = 20_000;
      for (let draw = 0; draw < draws; draw++) {
        const number = random.u32();
        expect(Number.isInteger(number) && number >= 0 && number < 2 ** 32).toBe(true);
        for (let bit = 0; bit < 32; bit++) set[bit] = (set[bit] ?? 0) + ((number >>> bit) & 1);
      }
      // Eight standard deviations.
      for (const count of set) expect(Math.abs(count - draws / 2)).toBeLessThan(4 * Math.sqrt(draws));
    });

    it('gives fractions in [0, 1), evenly', () => {
      const random = make();
      const buckets = new Array<number>(10).fill(0);
      for (let draw = 0; draw < 20_000; draw++) {
        const fraction = random.fraction();
        expect(fraction >= 0 && fraction < 1).toBe(true);
        const bucket = Math.floor(fraction * 10);
        buckets[bucket] = (buckets[bucket] ?? 0) + 1;
      }
      for (const count of buckets) expect(Math.abs(count - 2000)).toBeLessThan(400);
    });

    it('gives as many bytes as asked for, in an array of the caller', () => {
      const random = make();
      for (const count of [0, 1, 3, 16, 4095, 4096, 4097, 70_000]) {
        expect(random.bytes(count).byteLength).toBe(count);
      }
      const kept = random.bytes(5000);
      const before = [...kept];
      random.bytes(5000);
      for (let draw = 0; draw < 2000; draw++) random.u32();
      expect([...kept]).toEqual(before);
    });

    it('does not repeat itself', () => {
      const random = make();
      const seen = new Set<string>();
      for (let draw = 0; draw < 2000; draw++) seen.add(random.bytes(8).join());
      expect(seen.size).toBe(2000);
      const numbers = new Set<number>();
      for (let draw = 0; draw < 5000; draw++) numbers.add(random.u32());
      // Of 5000 draws from 2^32 two are equal once in 340 runs; ten never.
      expect(numbers.size).toBeGreaterThan(4990);
    });
  });
}
