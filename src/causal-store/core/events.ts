import type { SnapshotHead } from '../messages.ts';
import type { Dot } from './record.ts';
import type { Scan } from './scan.ts';

/** What a client asks. `id` is the asker's own and comes back with the answer. */
export type Request = {
  readonly id: unknown;
  readonly key: string;
  /** What the client has seen; unknown: a token that is none of ours, which is never covered. */
  readonly token: readonly Dot[] | 'unknown';
} & ({ readonly kind: 'get' | 'delete' } | { readonly kind: 'put'; readonly value: string }) & {
    readonly copies?: number | undefined;
  };

export type Answer =
  | { readonly kind: 'found'; readonly value: string; readonly token: readonly Dot[] }
  | { readonly kind: 'absent'; readonly token: readonly Dot[] }
  | {
      readonly kind: 'created' | 'replaced' | 'deleted';
      readonly token: readonly Dot[];
      /** False: durable here, but not known in time to be on as many disks as were asked for. */
      readonly isReplicated: boolean;
    }
  /** Not all of what the token depends on arrived in time. */
  | { readonly kind: 'uncovered' }
  /** On its way to a disk that takes nothing now: it may still take effect. */
  | { readonly kind: 'unsettled' }
  /** full: the disk is; busy: too much is on its way to it, or too many wait. Nothing has happened. */
  | { readonly kind: 'refused'; readonly why: 'full' | 'busy' };

/** What an operator asks about members. */
export interface ViewChange {
  readonly id: unknown;
  readonly address: string;
  readonly present: boolean;
}

export type ViewAnswer =
  | { readonly kind: 'changed' }
  | { readonly kind: 'unchanged' }
  /** On its way to a disk that takes nothing now: it may still take effect. */
  | { readonly kind: 'unsettled' }
  | { readonly kind: 'refused'; readonly why: 'full' | 'busy' | 'too-many' };

interface Time {
  /** Monotonic. */
  readonly nowMs: number;
  /** Since the epoch, as this machine has it. */
  readonly wallMs: number;
}

/** A snapshot on its way in. */
export interface Incoming extends SnapshotHead {
  readonly from: string;
}

export type Event = Time &
  (
    | { readonly type: 'start' }
    | { readonly type: 'request'; readonly request: Request }
    | { readonly type: 'view-change'; readonly change: ViewChange }
    /** The first so many of the appends under way are durable. */
    | { readonly type: 'durable'; readonly appends: number }
    /** What was set aside when this incarnation began is in its file. */
    | { readonly type: 'quarantine-kept'; readonly origin: string }
    | { readonly type: 'disk'; readonly refusing: 'full' | 'busy' | undefined }
    | { readonly type: 'peer-up'; readonly address: string }
    | { readonly type: 'peer-down'; readonly address: string }
    /** Nothing was heard from it for so long; or this process itself stood still for so long. */
    | { readonly type: 'peer-silent'; readonly address: string; readonly silentMs: number }
    | { readonly type: 'peer-heard'; readonly address: string }
    | { readonly type: 'paused'; readonly pausedMs: number }
    /** What it lacks is no longer in the log. */
    | { readonly type: 'peer-behind'; readonly address: string }
    | {
        readonly type: 'message';
        readonly from: string;
        readonly kind: number;
        readonly payload: Uint8Array;
      }
    | { readonly type: 'snapshot-begins'; readonly incoming: Incoming }
    | {
        readonly type: 'snapshot-chunk';
        readonly incoming: Incoming;
        readonly chunk: Uint8Array;
      }
    /** It broke off, or was given up. */
    | { readonly type: 'snapshot-lost'; readonly incoming: Incoming }
    /** One of ours went out whole, or did not. */
    | { readonly type: 'snapshot-sent'; readonly to: string; readonly scan: Scan }
    /** What took the journal's place has been read, or given up. */
    | { readonly type: 'journal-scanned' }
    | { readonly type: 'wake' }
  );

export type Effect =
  /** To the journal, in this order; each must be told durable, or the process must end. */
  | { readonly type: 'append'; readonly bytes: Uint8Array }
  | { readonly type: 'answer'; readonly id: unknown; readonly answer: Answer }
  | { readonly type: 'view-answer'; readonly id: unknown; readonly answer: ViewAnswer }
  | { readonly type: 'send'; readonly to: string; readonly kind: number; readonly payload: Uint8Array }
  | {
      readonly type: 'send-snapshot';
      readonly to: string;
      readonly head: SnapshotHead;
      readonly scan: Scan;
    }
  /** What the peer sends is none of ours. */
  | { readonly type: 'cut-off'; readonly peer: string }
  /** To a file of its own; `quarantine-kept` says that it is there. */
  | { readonly type: 'quarantine'; readonly quarantine: Quarantine }
  | { readonly type: 'report'; readonly report: Report };

/** A write that came back too late to tell whether it was deleted meanwhile. */
export interface Quarantined {
  readonly key: string;
  readonly value: string;
  readonly stamp: number;
  readonly dot: string;
}

/** What was set aside when a replica came back, as this incarnation. */
export interface Quarantine {
  readonly origin: string;
  readonly writes: readonly Quarantined[];
}

/** What the replica tells whoever watches it. */
export type Report =
  | { readonly type: 'started'; readonly origin: string; readonly node: string; readonly start: number }
  | { readonly type: 'peer-judged'; readonly peer: string; readonly judgement: string }
  | { readonly type: 'cut'; readonly peer: string }
  | { readonly type: 'exchange'; readonly peer: string; readonly isFirstAfterCut: boolean }
  | { readonly type: 'rejoining'; readonly through: string; readonly because: string }
  /** There are as many members as there can be. */
  | { readonly type: 'join-refused'; readonly peer: string; readonly membersMax: number }
  | { readonly type: 'fenced'; readonly by: string }
  | { readonly type: 'snapshot-taken'; readonly from: string; readonly keys: number }
  | { readonly type: 'quarantined'; readonly writes: number }
  | { readonly type: 'collected'; readonly tombstones: number }
  /** Deletes cannot be forgotten while a member is away. */
  | { readonly type: 'collection-held'; readonly by: string; readonly tombstones: number }
  | { readonly type: 'stamp-refused'; readonly peer: string; readonly stamp: number }
  | { readonly type: 'peer-garbage'; readonly peer: string; readonly what: string };
