import type { DownReason } from './link.ts';
import type { RefusalReason } from './refusal.ts';

/** What links report to their observer. `address` is the peer's, where it is known. */
export type LinkEvent =
  /** `number`: the same on both sides. `proved`: the peer has shown that it knows the cluster key. */
  | {
      readonly type: 'up';
      readonly address: string;
      readonly session: string;
      readonly version: number;
      readonly proved: boolean;
      readonly number: number;
    }
  /** The link just reported stands without proof: neither side has a cluster key. */
  | { readonly type: 'unproved'; readonly address: string }
  | { readonly type: 'down'; readonly address: string; readonly reason: DownReason }
  /**
   * A connection did not become a link. `there`: the peer said so. Of one that is dialled again and again,
   * reported when the reason is another than the last.
   */
  | {
      readonly type: 'refused';
      readonly address: string | undefined;
      readonly there: boolean;
      readonly reason: RefusalReason;
      readonly why: string;
    }
  | { readonly type: 'silent'; readonly address: string }
  | { readonly type: 'heard'; readonly address: string; readonly silentMs: number }
  /** This process did not run for so long: no peer has heard it. */
  | { readonly type: 'paused'; readonly pausedMs: number };
