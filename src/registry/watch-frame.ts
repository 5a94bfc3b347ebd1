import type { Instance } from '../calls/index.ts';
import type { Registered } from './instance.ts';

/** Where a watcher stands: in which life of a registry, and after which of its changes. */
export interface Position {
  readonly epoch: string;
  readonly revision: number;
}

/** Each change has a revision of its own, one higher than the last. */
export type Change =
  | {
      readonly kind: 'put';
      readonly revision: number;
      readonly service: string;
      readonly instance: Instance;
    }
  | {
      readonly kind: 'remove';
      readonly revision: number;
      readonly service: string;
      readonly id: string;
      readonly incarnation: string;
      /** withdrawn: the instance or an operator took it out; expired: nothing was heard of it. */
      readonly why: 'withdrawn' | 'expired';
    };

/** What a watch stream carries. After a frame the watcher stands at its position. */
export type WatchFrame =
  /** Everything there is. `warming`: the registry started lately, so that some may be missing. */
  | {
      readonly type: 'snapshot';
      readonly position: Position;
      readonly warming: boolean;
      readonly instances: readonly Registered[];
    }
  | { readonly type: 'change'; readonly position: Position; readonly change: Change }
  /** The registry is not warming (any more). */
  | { readonly type: 'settled'; readonly position: Position }
  /** Nothing new up to here. */
  | { readonly type: 'alive'; readonly position: Position };
