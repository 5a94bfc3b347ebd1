import type { Registered } from '../instance.ts';
import type { Change, Position, WatchFrame } from '../watch-frame.ts';

/** What the shared store says about itself. `askedMs` is when it was asked, by this registry's clock. */
export interface StoreWord {
  readonly askedMs: number;
  readonly position: Position;
  readonly warming: boolean;
}

/** A change as it stands in the shared store's history. */
export interface StoredChange {
  readonly epoch: string;
  readonly change: Change;
}

/**
 * What happens to a mirror. `nowMs` is monotonic; `watcher` and `request` are the driver's own numbers.
 */
export type MirrorEvent =
  /** An answer to the question that is put every `limits.tickMs`. */
  | { readonly type: 'word'; readonly nowMs: number; readonly word: StoreWord }
  /** The whole list at a position, and the changes that led there, oldest first, as far as they are kept. */
  | {
      readonly type: 'loaded';
      readonly nowMs: number;
      readonly word: StoreWord;
      readonly instances: readonly Registered[];
      readonly changes: readonly Change[];
    }
  /** What the history has after the mirror's own position, in order. */
  | { readonly type: 'changes'; readonly nowMs: number; readonly changes: readonly StoredChange[] }
  /** The store did not answer, or not as it should. */
  | { readonly type: 'failed'; readonly nowMs: number; readonly why: string }
  | {
      readonly type: 'watch';
      readonly watcher: number;
      readonly nowMs: number;
      readonly service?: string | undefined;
      readonly from?: Position | undefined;
    }
  | { readonly type: 'unwatch'; readonly watcher: number }
  /** Wants to know when the mirror shows what the store said. */
  | { readonly type: 'await'; readonly request: number; readonly word: StoreWord }
  | { readonly type: 'give-up'; readonly request: number };

export type MirrorEffect =
  /** Ask for the whole list. Answered by `loaded` or `failed`. */
  | { readonly type: 'load' }
  | { readonly type: 'send'; readonly watcher: number; readonly frame: WatchFrame }
  /** To every watcher that has begun; a change only to those of its service. */
  | { readonly type: 'broadcast'; readonly frame: WatchFrame }
  /** The watcher is told no more. */
  | { readonly type: 'end'; readonly watcher: number; readonly why: string }
  | { readonly type: 'reached'; readonly request: number };
