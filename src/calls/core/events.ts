import type { HoldfastError } from '../../std/index.ts';
import type { DiscoveryView, Instance } from '../discovery.ts';
import type { Call } from './call.ts';

/** What happens to an upstream. `nowMs` is monotonic; `Token` is the driver's own and opaque to the core. */
export type UpstreamEvent<Token> =
  | { readonly type: 'view'; readonly view: DiscoveryView; readonly nowMs: number }
  | { readonly type: 'call'; readonly call: Call<Token>; readonly nowMs: number }
  /** The end of attempt number `attempt`. One that was aborted or replaced meanwhile is ignored. */
  | {
      readonly type: 'outcome';
      readonly call: Call<Token>;
      readonly attempt: number;
      readonly outcome: Outcome;
      readonly nowMs: number;
    }
  | { readonly type: 'backed-off'; readonly call: Call<Token>; readonly nowMs: number }
  | { readonly type: 'deadline'; readonly call: Call<Token>; readonly nowMs: number }
  /** No more calls: those under way fail. */
  | { readonly type: 'closed' }
  | { readonly type: 'cancel'; readonly call: Call<Token>; readonly nowMs: number; readonly why: string };

/** How an attempt ended. The answer itself stays with the driver. */
export type Outcome =
  /** An answer came. `overloaded`: the instance refused before doing anything (429, 503). */
  | {
      readonly type: 'answered';
      readonly verdict: 'ok' | 'failed' | 'overloaded';
      /** What the answer says of the instance's speed; the whole time of the attempt by default. */
      readonly latencyMs?: number | undefined;
    }
  | { readonly type: 'failed'; readonly error: HoldfastError };

export type UpstreamEffect<Token> =
  | {
      readonly type: 'send';
      readonly call: Call<Token>;
      readonly instance: Instance;
      readonly attempt: number;
    }
  | { readonly type: 'abort'; readonly call: Call<Token> }
  | { readonly type: 'back-off'; readonly call: Call<Token>; readonly delayMs: number }
  /** The last answer is the call's. */
  | { readonly type: 'deliver'; readonly call: Call<Token> }
  | { readonly type: 'fail'; readonly call: Call<Token>; readonly error: HoldfastError };
