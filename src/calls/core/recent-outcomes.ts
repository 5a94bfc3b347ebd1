import { limits } from '../limits.ts';

const sliceMs = limits.outcomesWindowMs / limits.outcomesSlices;

/** How the latest attempts of one instance ended: counts over a sliding window, forgotten slice by slice. */
export class RecentOutcomes {
  good = 0;
  bad = 0;
  /**
   * Failures since the last success, each of an attempt sent after the one before it had failed: what fails
   * together, in one stall or with one connection, has failed once.
   */
  badInARow = 0;
  #rowGrewAtMs = Number.NEGATIVE_INFINITY;
  readonly #good = new Uint32Array(limits.outcomesSlices);
  readonly #bad = new Uint32Array(limits.outcomesSlices);
  #slice = Number.NEGATIVE_INFINITY;

  record(isGood: boolean, sentAtMs: number, nowMs: number): void {
    this.forget(nowMs);
    const index = this.#slice % limits.outcomesSlices;
    const counts = isGood ? this.#good : this.#bad;
    counts[index] = (counts[index] as number) + 1;
    if (isGood) this.good += 1;
    else this.bad += 1;
    if (isGood) this.badInARow = 0;
    else if (this.badInARow === 0 || sentAtMs >= this.#rowGrewAtMs) {
      this.badInARow += 1;
      this.#rowGrewAtMs = nowMs;
    }
  }

  /** Drops what is older than the window. */
  forget(nowMs: number): void {
    const slice = Math.floor(nowMs / sliceMs);
    if (slice === this.#slice) return;
    const passed = Math.min(limits.outcomesSlices, slice - this.#slice);
    for (let step = 0; step < passed; step++) {
      const index =
        (((slice - step) % limits.outcomesSlices) + limits.outcomesSlices) % limits.outcomesSlices;
      this.good -= this.#good[index] as number;
      this.bad -= this.#bad[index] as number;
      this.#good[index] = 0;
      this.#bad[index] = 0;
    }
    this.#slice = slice;
  }

  clear(): void {
    this.#good.fill(0);
    this.#bad.fill(0);
    this.good = 0;
    this.bad = 0;
    this.badInARow = 0;
  }
}
