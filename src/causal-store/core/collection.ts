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
  /** Undefined while there is nothing to wait for. */
  #nudgeAtMs: number | undefined;
  #nudgeMs: number = limits.nudgeMs;

  constructor(options: CollectionOptions) {
    this.#options = options;
  }

  /** What every member has may have grown: what was kept for the last of them can go. */
  settle(): void {
    const { ledger, emit } = this.#options;
    const { state, intake } = ledger;
    if (state.settle()) {
      intake.log.trim(state.claims.stable);
      this.#nudgeMs = limits.nudgeMs;
      this.#nudgeAtMs = undefined;
    }
    const tombstones = state.table.collect(state.claims.stable);
    if (tombstones > 0) emit({ type: 'report', report: { type: 'collected', tombstones } });
  }

  /**
   * Whether a claim more might help: tombstones, everybody there, and nothing has moved for long.
   * What came in a snapshot may have been taken for claims alone, which nobody claims in turn.
   */
  isStuck(nowMs: number, view: () => readonly string[]): boolean {
    const { table } = this.#options.ledger.state;
    if (table.tombstones === 0) this.#nudgeAtMs = undefined;
    else this.#nudgeAtMs ??= nowMs + this.#nudgeMs;
    if (this.#nudgeAtMs === undefined || nowMs < this.#nudgeAtMs) return false;
    this.#nudgeAtMs = undefined;
    if (this.#away(view()).length > 0) return false;
    this.#nudgeMs = Math.min(2 * this.#nudgeMs, limits.nudgeMsMax);
    return true;
  }

  /** Tombstones are kept for as long as a member is away, one that is not in the view: said now and then. */
  warnOfHeld(nowMs: number, view: () => readonly string[]): void {
    if (nowMs < this.#warnAtMs) return;
    this.#warnAtMs = nowMs + limits.warnEveryMs;
    const { ledger, emit } = this.#options;
    const { tombstones } = ledger.state.table;
    if (tombstones === 0) return;
    for (const by of this.#away(view())) {
      emit({ type: 'report', report: { type: 'collection-held', by, tombstones } });
    }
  }

  /** Members that are not in the view. */
  #away(view: readonly string[]): string[] {
    const members = this.#options.ledger.state.members.present();
    return members.map(({ address }) => address).filter((address) => !view.includes(address));
  }
}
