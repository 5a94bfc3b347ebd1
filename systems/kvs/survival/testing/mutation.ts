import type { Prng } from 'holdfast/std';

/** The bytes with something wrong in them: other bytes, fewer, more, or parts of them twice. */
export function mutated(bytes: Uint8Array, prng: Prng): Uint8Array {
  const copy = Buffer.from(bytes);
  switch (prng.below(5)) {
    case 0:
      return copy.subarray(0, prng.below(copy.length + 1));
    case 1:
      return Buffer.concat([copy, copy.subarray(prng.below(copy.length + 1))]);
    case 2:
      return Buffer.from(Array.from({ length: prng.below(300) }, () => prng.below(256)));
    default:
      for (let count = 1 + prng.below(4); count > 0 && copy.length > 0; count--) {
        copy[prng.below(copy.length)] = prng.chance(0.3) ? 0xff : prng.below(256);
      }
      return copy;
  }
}
