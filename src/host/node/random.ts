import { randomFillSync } from 'node:crypto';
import type { Random } from '../random.ts';

/**
 * Random bytes fetched at a time: a system call for each number would cost more than the rest of a call.
 */
const batchBytes = 4096;

/** The operating system's randomness, fit for secrets. Bytes are handed out once and wiped behind. */
export class NodeRandom implements Random {
  readonly #batch = new Uint8Array(batchBytes);
  readonly #view = new DataView(this.#batch.buffer);
  #used = batchBytes;

  u32(): number {
    if (this.#used + 4 > batchBytes) this.#refill();
    const number = this.#view.getUint32(this.#used);
    this.#view.setUint32(this.#used, 0);
    this.#used += 4;
    return number;
  }

  fraction(): number {
    return this.u32() / 0x1_0000_0000;
  }

  bytes(count: number): Uint8Array {
    return randomFillSync(new Uint8Array(count));
  }

  #refill(): void {
    randomFillSync(this.#batch);
    this.#used = 0;
  }
}
