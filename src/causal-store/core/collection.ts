import { limits } from '../limits.ts';
import type { Effect } from './events.ts';
import type { Ledger } from './ledger.ts';

export interface CollectionOptions {
  readonly ledger: Ledger;
  readonly emit: (effect: Effect) => void;
}

/** Forgets what only had to be kept for members that had not heard of it: tombstones, and records sent on. */
export class Collection {
  readonly #options: CollectionOptions;
  #warnAtMs = 0;

  constructor(options: CollectionOptions) {
    this.#options = options;
  }

  /** What every member has may have grown: what was kept for the last of them can go. */
  settle(): void {
    const { ledger, emit } = this.#options;
    const { state, intake } = ledger;
    if (state.settle()) intake.log.trim(state.claims.stable);
    const tombstones = state.table.collect(state.claims.stable);
    if (tombstones > 0) emit({ type: 'report', report: { type: 'collected', tombstones } });
  }

  /** Tombstones are kept for as long as a member is away, one that is not in the view: said now and then. */
  warnOfHeld(nowMs: number, view: () => readonly string[]): void {
    if (nowMs < this.#warnAtMs) return;
    this.#warnAtMs = nowMs + limits.warnEveryMs;
    const { ledger, emit } = this.#options;
    const { table, members } = ledger.state;
    const { tombstones } = table;
    if (tombstones === 0) return;
    const alive = new Set(view());
    for (const { address } of members.present()) {
      if (alive.has(address)) continue;
      emit({ type: 'report', report: { type: 'collection-held', by: address, tombstones } });
    }
  }
}
