import type { DiscoveryView } from '../../calls/index.ts';
import type { ViewReport } from '../events.ts';
import type { Position, WatchFrame } from '../watch-frame.ts';

/**
 * What happens to a watcher. `attempt` numbers its connections: news of an earlier one is ignored. `random`
 * is in [0, 1).
 */
export type ViewEvent =
  | { readonly type: 'start'; readonly nowMs: number }
  /** The registry answered and will send frames. */
  | { readonly type: 'opened'; readonly attempt: number; readonly nowMs: number }
  | {
      readonly type: 'frame';
      readonly attempt: number;
      readonly nowMs: number;
      readonly frame: WatchFrame;
    }
  /** The connection could not be made, broke, or carried nonsense. */
  | {
      readonly type: 'failed';
      readonly attempt: number;
      readonly nowMs: number;
      readonly random: number;
      readonly why: string;
    }
  /** The moment of the last `wake` has come. */
  | { readonly type: 'woken'; readonly nowMs: number; readonly random: number }
  | { readonly type: 'stop' };

export type ViewEffect =
  /** Open a watch stream; with `from`, ask to resume after it. */
  | {
      readonly type: 'connect';
      readonly attempt: number;
      readonly registry: string;
      readonly from: Position | undefined;
    }
  | { readonly type: 'disconnect'; readonly attempt: number }
  /** Send `woken` at this moment; replaces the one before. Undefined: none is needed. */
  | { readonly type: 'wake'; readonly atMs: number | undefined }
  | { readonly type: 'publish'; readonly view: DiscoveryView }
  | { readonly type: 'report'; readonly report: ViewReport };
