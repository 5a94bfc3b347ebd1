import type { Instance } from '../calls/index.ts';
import type { Host } from '../host/index.ts';
import type { Observe } from '../std/index.ts';
import type { Held, LeasesReport, PutDecision, RemoveDecision } from './core/leases-events.ts';
import type { Registered } from './instance.ts';
import type { Change, Position, WatchFrame } from './watch-frame.ts';

/**
 * Where a registry keeps its leases: the port behind its routes. Each `done` is called once, within a
 * bounded time.
 */
export interface RegistryStore {
  put(request: PutRequest, done: (outcome: PutOutcome) => void): void;
  remove(request: RemoveRequest, done: (outcome: RemoveOutcome) => void): void;
  /** What is listed, of one service or of all. Whatever was done before it began is in it. */
  list(service: string | undefined, done: (outcome: ListOutcome) => void): void;
  /**
   * Sends frames to `send`, of one service or of all: first what changed after `from`, or a snapshot when
   * that is not known any more or would be longer; then `alive` or `settled` if there was no snapshot; then
   * every change. No change is left out or repeated; a store that lost the thread sends another snapshot
   * instead. The result ends it. When the store itself cannot go on, it calls `end`, at once where it
   * cannot even begin, and sends no more.
   */
  watch(request: WatchRequest, send: (frame: WatchFrame) => void, end: (why: string) => void): () => void;
  close(): void;
}

/** What every store takes. */
export interface StoreOptions {
  readonly host: Host;
  readonly observe?: Observe<StoreEvent> | undefined;
  /** How long after the store began the list counts as incomplete; `limits.warmingMs` by default. */
  readonly warmingMs?: number | undefined;
  /** Changes kept for watchers that resume; `limits.historyMax` by default. */
  readonly historyMax?: number | undefined;
}

export interface PutRequest {
  readonly service: string;
  readonly instance: Instance;
  readonly leaseMs: number;
  readonly sequence?: number | undefined;
}

export interface RemoveRequest {
  readonly service: string;
  readonly id: string;
  readonly incarnation: string;
}

export interface WatchRequest {
  readonly service?: string | undefined;
  readonly from?: Position | undefined;
}

/**
 * The store cannot be used for now. `why` is a sentence for people. A put or a removal may have been done
 * all the same.
 */
export interface Unavailable {
  readonly result: 'unavailable';
  readonly why: string;
}

export type PutOutcome = PutDecision | Unavailable;
export type RemoveOutcome = RemoveDecision | Unavailable;
export type ListOutcome = Listing | Unavailable;

export interface Listing {
  readonly result: 'listing';
  readonly position: Position;
  readonly warming: boolean;
  readonly instances: readonly Registered[];
  /** While expiry is held back because most leases ran out together. */
  readonly held?: Held | undefined;
}

/** What a store reports to its observer. */
export type StoreEvent =
  | { readonly type: 'changed'; readonly change: Change }
  | LeasesReport
  /** A store of several registries has lost what it knew, or may have: positions start afresh. */
  | { readonly type: 'began'; readonly epoch: string }
  | { readonly type: 'store-reached' }
  | { readonly type: 'store-lost'; readonly why: string };
