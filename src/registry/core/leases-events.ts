import type { Instance } from '../../calls/index.ts';
import type { Position, WatchFrame } from '../watch-frame.ts';

/**
 * What happens to a registry. `nowMs` is monotonic; `request` and `watcher` are the driver's own numbers.
 */
export type LeasesEvent =
  /** Registers an instance, changes it, or renews its lease. */
  | {
      readonly type: 'put';
      readonly request: number;
      readonly nowMs: number;
      readonly service: string;
      readonly instance: Instance;
      readonly leaseMs: number;
      /** Numbers the puts of one incarnation; one that was overtaken changes nothing. */
      readonly sequence?: number | undefined;
    }
  | {
      readonly type: 'remove';
      readonly request: number;
      readonly nowMs: number;
      readonly service: string;
      readonly id: string;
      readonly incarnation: string;
    }
  /** A watcher of one service, or of all, begins; it has seen everything up to `from`. */
  | {
      readonly type: 'watch';
      readonly watcher: number;
      readonly nowMs: number;
      readonly service?: string | undefined;
      readonly from?: Position | undefined;
    }
  /** Every `limits.tickMs`. */
  | { readonly type: 'tick'; readonly nowMs: number };

/** What becomes of a put. */
export type PutDecision =
  | { readonly result: 'listed'; readonly revision: number; readonly leaseMs: number }
  /** This incarnation was removed, or a later one took its place. */
  | { readonly result: 'fenced'; readonly by: Instance | undefined }
  /** There is no room, by the bound of this name, and nothing has changed. */
  | { readonly result: 'full'; readonly bound: 'instancesMax' | 'instanceBytesMax' | 'listBytesMax' };

export interface RemoveDecision {
  readonly result: 'done';
  /** False when another incarnation, or none, is listed. */
  readonly removed: boolean;
  readonly revision: number;
}

/** So many leases ran out together that none is dropped for now. As of the last tick. */
export interface Held {
  readonly silent: number;
  readonly total: number;
  /** How much longer at the most. */
  readonly remainingMs: number;
}

export type LeasesEffect =
  | { readonly type: 'put-done'; readonly request: number; readonly outcome: PutDecision }
  | { readonly type: 'remove-done'; readonly request: number; readonly outcome: RemoveDecision }
  /** To one watcher that just began. */
  | { readonly type: 'send'; readonly watcher: number; readonly frame: WatchFrame }
  /** To every watcher; a change only to those of its service. */
  | { readonly type: 'broadcast'; readonly frame: WatchFrame }
  | { readonly type: 'report'; readonly report: LeasesReport };

export type LeasesReport =
  /** So many leases ran out together that the registry keeps them for now. */
  | {
      readonly type: 'expiry-held';
      readonly silent: number;
      readonly total: number;
      readonly holdMs: number;
    }
  /** The time is up: they are dropped after all. */
  | { readonly type: 'expiry-released'; readonly silent: number; readonly total: number }
  /** The registry itself was not running; every lease got the gap on top. */
  | { readonly type: 'stalled'; readonly gapMs: number };
