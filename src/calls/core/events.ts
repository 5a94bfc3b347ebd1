import type { HoldfastError } from '../../std/index.ts';
import type { DiscoveryView } from '../discovery.ts';
import type { Attempt } from './attempt.ts';
import type { Call } from './call.ts';

/** What happens to an upstream. `nowMs` is monotonic; `Token` is the driver's own and opaque to the core. */
export type UpstreamEvent<Token> =
  | { readonly type: 'view'; readonly view: DiscoveryView; readonly nowMs: number }
  | { readonly type: 'call'; readonly call: Call<Token>; readonly nowMs: number }
  /** The end of an attempt. One that was given up meanwhile is ignored. */
  | {
      readonly type: 'outcome';
      readonly attempt: Attempt<Token>;
      readonly outcome: Outcome;
      readonly nowMs: number;
    }
  /** The head of a good answer is there, and its body goes to the caller as it comes. */
  | { readonly type: 'committed'; readonly attempt: Attempt<Token>; readonly nowMs: number }
  /** A call's `wakeAtMs` has come. */
  | { readonly type: 'woken'; readonly call: Call<Token>; readonly nowMs: number }
  /** No more calls: those under way fail. */
  | { readonly type: 'closed'; readonly nowMs: number }
  | { readonly type: 'cancel'; readonly call: Call<Token>; readonly nowMs: number; readonly why: string };

/** What an answer says of the instance that gave it. */
export type Verdict =
  /** Nothing is wrong with it, whatever it thinks of the request. */
  | 'ok'
  /** Something is wrong with it: HTTP 5xx and their like. */
  | 'failed'
  /** It says that it cannot do more (503). What must not be repeated is not repeated on its word. */
  | 'overloaded'
  /** It says that this caller asks too much (429). */
  | 'limited';

/** How an attempt ended. The answer itself stays with the driver. */
export type Outcome =
  | {
      readonly type: 'answered';
      readonly verdict: Verdict;
      /** When to come back, as the instance asks. */
      readonly retryAfterMs?: number | undefined;
    }
  | { readonly type: 'failed'; readonly error: HoldfastError };

export type UpstreamEffect<Token> =
  | { readonly type: 'send'; readonly attempt: Attempt<Token> }
  /** Nothing of the attempt counts any more. `why`: what its observer is told. */
  | { readonly type: 'abort'; readonly attempt: Attempt<Token>; readonly why: 'timed-out' | 'abandoned' }
  /** Nothing to do before `call.wakeAtMs`. */
  | { readonly type: 'wait'; readonly call: Call<Token> }
  /** The answer of `call.answered` is the call's. */
  | { readonly type: 'deliver'; readonly call: Call<Token> }
  | { readonly type: 'fail'; readonly call: Call<Token>; readonly error: HoldfastError }
  | { readonly type: 'report'; readonly report: UpstreamReport };

/** What befalls an instance, in the eyes of this process. */
export type UpstreamReport =
  /** It gets no calls for so long, then one as a probe. */
  | {
      readonly type: 'ejected';
      readonly instance: string;
      readonly why: string;
      readonly forMs: number;
    }
  | { readonly type: 'probing'; readonly instance: string }
  | { readonly type: 'restored'; readonly instance: string; readonly why: string };
