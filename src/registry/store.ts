import type { Instance } from '../calls/index.ts';
import type { LeasesReport, PutOutcome, RemoveOutcome } from './core/leases-events.ts';
import type { Registered } from './instance.ts';
import type { Change, Position, WatchFrame } from './watch-frame.ts';

/** Where a registry keeps its leases: the port behind its routes. Each `done` is called once. */
export interface RegistryStore {
  put(request: PutRequest, done: (outcome: PutOutcome) => void): void;
  remove(request: RemoveRequest, done: (outcome: RemoveOutcome) => void): void;
  /** What is listed, of one service or of all. */
  list(service: string | undefined, done: (listing: Listing) => void): void;
  /**
   * Sends frames to `send`, of one service or of all: first what changed after `from`, or a snapshot when
   * that is not known any more or would be longer; then `alive` or `settled` if there was no snapshot; then
   * every change. No change is left out or repeated. The result ends it.
   */
  watch(request: WatchRequest, send: (frame: WatchFrame) => void): () => void;
  close(): void;
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

export interface Listing {
  readonly position: Position;
  readonly warming: boolean;
  readonly instances: readonly Registered[];
}

/** What a store reports to its observer. */
export type StoreEvent = { readonly type: 'changed'; readonly change: Change } | LeasesReport;
