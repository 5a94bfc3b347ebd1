import { limits } from './limits.ts';

/** What a server holds of requests that have not ended, all its calls together. */
export class HeldBytes {
  #bytes = 0;

  /** A call holds `to` bytes now and held `from` before. False when all hold more than they may. */
  change(from: number, to: number): boolean {
    this.#bytes += to - from;
    return to <= from || this.#bytes <= limits.heldBytesMax;
  }
}
