import { limits } from '../limits.ts';

/** How many were seen to fail, of all that are listed; `due` of them would be dropped now. */
export interface Sighting {
  readonly due: number;
  readonly failing: number;
  readonly total: number;
}

/**
 * Most instances do not die within one moment; a registry that is cut off sees just that. When more than half
 * of those listed fail together, and at least `limits.massExpiryMin`, nothing that is due is dropped for
 * `limits.massExpiryHoldMs`. Once most are back the others have `limits.massExpiryRecoverMs`.
 *
 * Invariants: a hold never lasts longer than it was first given; it ends when nothing is due any more.
 */
export class MassHold {
  #held: { failing: number; total: number; untilMs: number; isRecovering: boolean } | undefined;

  /** When it ends at the latest; undefined while nothing is held. */
  get untilMs(): number | undefined {
    return this.#held?.untilMs;
  }

  at(
    nowMs: number,
  ): { readonly failing: number; readonly total: number; readonly remainingMs: number } | undefined {
    if (this.#held === undefined) return undefined;
    const { failing, total, untilMs } = this.#held;
    return { failing, total, remainingMs: Math.max(0, untilMs - nowMs) };
  }

  /**
   * What becomes of those that are due. free: they go; begun: they are held from now on; held: they still
   * are; released: the time is up, and they go after all.
   */
  judge({ due, failing, total }: Sighting, nowMs: number): 'free' | 'begun' | 'held' | 'released' {
    const most = failing >= limits.massExpiryMin && failing * 2 > total;
    const held = this.#held;
    if (due === 0 || (held === undefined && !most)) {
      this.#held = undefined;
      return 'free';
    }
    if (held === undefined) {
      this.#held = { failing, total, untilMs: nowMs + limits.massExpiryHoldMs, isRecovering: false };
      return 'begun';
    }
    Object.assign(held, { failing, total });
    if (!most && !held.isRecovering) {
      held.isRecovering = true;
      held.untilMs = Math.min(held.untilMs, nowMs + limits.massExpiryRecoverMs);
    }
    if (nowMs < held.untilMs) return 'held';
    this.#held = undefined;
    return 'released';
  }

  /** Time in which nobody could come back does not count. */
  extend(gapMs: number): void {
    if (this.#held !== undefined) this.#held.untilMs += gapMs;
  }
}
