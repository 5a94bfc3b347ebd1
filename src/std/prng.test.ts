import { describe, expect, it } from 'vitest';
import { Prng } from './index.ts';

describe('Prng', () => {
  it('gives the same numbers for the same seed', () => {
    const one = new Prng(42);
    const other = new Prng(42);
    for (let draw = 0; draw < 1000; draw++) expect(one.u32()).toBe(other.u32());
    expect(one.bytes(100)).toEqual(other.bytes(100));
  });

  it('gives these very numbers: a recorded seed must replay for ever', () => {
    const prng = new Prng(1);
    expect([prng.u32(), prng.u32(), prng.u32(), prng.u32()]).toEqual([
      393_288_148, 2_174_103_013, 3_814_759_091, 2_092_745_082,
    ]);
  });

  it('gives others for another seed, near ones too', () => {
    const firsts = new Set<number>();
    for (let seed = 0; seed < 1000; seed++) firsts.add(new Prng(seed).u32());
    expect(firsts.size).toBe(1000);
    // Seeds count modulo 2^32.
    expect(new Prng(-1).u32()).toBe(new Prng(0xffff_ffff).u32());
  });

  it('is xoshiro128**, as its authors wrote it', () => {
    const prng = new Prng(99);
    const reference = reference128(99);
    for (let draw = 0; draw < 10_000; draw++) expect(prng.u32()).toBe(reference());
  });

  it('draws below a bound, every number about equally often', () => {
    const prng = new Prng(7);
    const counts = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 20_000; draw++) {
      const drawn = prng.below(10);
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    expect(counts.length).toBe(10);
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(250);
    expect(prng.below(1)).toBe(0);
    expect(prng.below(0)).toBe(0);
  });

  it('takes its chances', () => {
    const prng = new Prng(8);
    let happened = 0;
    for (let draw = 0; draw < 10_000; draw++) if (prng.chance(0.3)) happened++;
    expect(Math.abs(happened - 3000)).toBeLessThan(250);
    expect(prng.chance(0)).toBe(false);
    expect(prng.chance(1)).toBe(true);
  });

  it('gives fractions below 1 and bytes of all values', () => {
    const prng = new Prng(9);
    for (let draw = 0; draw < 1000; draw++) {
      const fraction = prng.fraction();
      expect(fraction >= 0 && fraction < 1).toBe(true);
    }
    expect(new Set(prng.bytes(10_000)).size).toBe(256);
  });
});

/** Blackman and Vigna's C code with BigInt in place of uint32_t, seeded as Prng is. */
function reference128(seed: number): () => number {
  const mask = 0xffff_ffffn;
  let state = BigInt(seed) & mask;
  const fill = (): bigint => {
    state = (state + 0x9e37_79b9n) & mask;
    let mixed = state;
    mixed = ((mixed ^ (mixed >> 16n)) * 0x21f0_aaadn) & mask;
    mixed = ((mixed ^ (mixed >> 15n)) * 0x735a_2d97n) & mask;
    return mixed ^ (mixed >> 15n);
  };
  const rotated = (word: bigint, by: bigint): bigint => ((word << by) | (word >> (32n - by))) & mask;
  let [s0, s1, s2, s3] = [fill(), fill(), fill(), fill()];
  return () => {
    const result = (rotated((s1 * 5n) & mask, 7n) * 9n) & mask;
    const shifted = (s1 << 9n) & mask;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = rotated(s3, 11n);
    return Number(result);
  };
}
