import type { Instance } from '../../calls/index.ts';
import type { AnnouncerReport } from '../events.ts';

/** What happens to an announcer. `attempt` numbers its requests; `random` is in [0, 1). */
export type AnnouncerEvent =
  /** Announce this, from now on: at the start, and again whenever the state (or anything else) changed. */
  | { readonly type: 'announce'; readonly nowMs: number; readonly instance: Instance }
  /** Take it off the list, whatever it takes but not for long. */
  | { readonly type: 'withdraw'; readonly nowMs: number }
  | {
      readonly type: 'answered';
      readonly attempt: number;
      readonly nowMs: number;
      readonly random: number;
      readonly answer: AnnounceAnswer;
    }
  /** The moment of the last `wake` has come. */
  | { readonly type: 'woken'; readonly nowMs: number; readonly random: number };

export type AnnounceAnswer =
  | { readonly result: 'listed'; readonly leaseMs: number }
  | { readonly result: 'removed' }
  /** Another incarnation has taken the place, or this one was removed. */
  | { readonly result: 'fenced'; readonly why: string }
  | { readonly result: 'key-refused' }
  /** The registry does not take this announcement; repeating it soon is of no use. */
  | { readonly result: 'rejected'; readonly why: string }
  /** No answer, or one that means "later". */
  | { readonly result: 'failed'; readonly why: string };

export type AnnouncerEffect =
  | {
      readonly type: 'put';
      readonly attempt: number;
      readonly instance: Instance;
      readonly sequence: number;
    }
  | { readonly type: 'delete'; readonly attempt: number; readonly instance: Instance }
  /** Its answer is no longer wanted. */
  | { readonly type: 'cancel'; readonly attempt: number }
  /** Send `woken` at this moment; replaces the one before. Undefined: none is needed. */
  | { readonly type: 'wake'; readonly atMs: number | undefined }
  /** The last effect. */
  | { readonly type: 'withdrawn'; readonly confirmed: boolean }
  | { readonly type: 'report'; readonly report: AnnouncerReport };
