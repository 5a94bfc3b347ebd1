import type { Random } from '../host/index.ts';
import { Prng } from '../std/index.ts';

/** Seeded randomness as a host's port. */
export class SimulatedRandom implements Random {
  readonly #prng: Prng;

  constructor(seed: number) {
    this.#prng = new Prng(seed);
  }

  u32(): number {
    return this.#prng.u32();
  }

  fraction(): number {
    return this.#prng.fraction();
  }

  bytes(count: number): Uint8Array {
    return this.#prng.bytes(count);
  }
}
