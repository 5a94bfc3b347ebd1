import type { Host } from '../../host/index.ts';
import {
  type Damage,
  type Journal,
  type JournalEvent,
  makesRoom,
  openJournal,
  type Replay,
} from '../../journal/index.ts';
import { ignore, type Observe } from '../../std/index.ts';
import { MalformedBytes } from '../bytes.ts';
import type { Watch } from '../core/ledger.ts';
import { Replica } from '../core/replica.ts';
import { type BufferLimits, limits } from '../limits.ts';
import { CausalStore, type StoreEvent } from './store.ts';

export interface CausalStoreOptions {
  readonly host: Host;
  /** Where the others find this replica: `host:port`. */
  readonly address: string;
  /** All replicas, this one included, in any order; none for a store of its own that has no peers. */
  readonly members?: readonly string[] | undefined;
  /** Where its journal is kept; undefined keeps nothing beyond the process. */
  readonly folder: string | undefined;
  /** Proves peers to each other; without it whoever can connect is believed. */
  readonly clusterKey?: string | undefined;
  /** The shard group; 0 by default. */
  readonly group?: number | undefined;
  readonly causalWaitMs?: number | undefined;
  readonly antiEntropyMs?: number | undefined;
  readonly segmentBytes?: number | undefined;
  /** How much is kept and handed on at a time; `limits` by default. */
  readonly buffers?: Partial<BufferLimits> | undefined;
  /** The journal can no longer be trusted to take anything: the process must end. */
  readonly fatal: (message: string) => void;
  readonly observe?: Observe<StoreEvent | JournalEvent> | undefined;
  /** For checks. */
  readonly watch?: Watch | undefined;
}

export type OpenedStore =
  | {
      readonly ok: true;
      readonly store: CausalStore;
      /** What of the journal could not be read; peers give it back, where they have it. */
      readonly damage: readonly Damage[];
    }
  | { readonly ok: false; readonly message: string };

/** Opens a replica: reads its journal, then begins to live. `done` is called once, later. */
export function openCausalStore(options: CausalStoreOptions, done: (opened: OpenedStore) => void): void {
  const { host, address, members = [], folder, observe = ignore } = options;
  const newId = (): string => Buffer.from(host.random.bytes(8)).toString('hex');
  const replica = replicaOf(options, newId);
  const live = (
    journal: Journal | undefined,
    damage: readonly Damage[] = [],
    snapshotBytes = 0,
  ): CausalStore => {
    replica.ledger.recovered();
    const store = new CausalStore({
      host,
      replica,
      journal,
      snapshotBytes,
      folder,
      address,
      session: newId(),
      clusterKey: options.clusterKey,
      hasPeers: members.length > 0,
      observe,
    });
    store.start();
    const { startsMax, startsWarn } = limits;
    const starts = startsOf(replica);
    if (starts >= startsWarn) observe({ type: 'many-starts', starts, startsMax });
    done({ ok: true, store, damage });
    return store;
  };
  if (folder === undefined) {
    host.clock.setTimer(0, () => live(undefined));
    return;
  }
  let store: CausalStore | undefined;
  const journalOptions = {
    disk: host.disk,
    clock: host.clock,
    folder: `${folder}/journal`,
    // What a disk has lost is lost: the peers have most of it, and tell whether this replica may be believed.
    onDamage: 'truncate' as const,
    fatal: (failure: { readonly message: string }) => options.fatal(failure.message),
    segmentBytes: options.segmentBytes,
    observe: (event: JournalEvent) => {
      if (makesRoom(event)) store?.journalMoved();
      observe(event);
    },
  };
  const replaying = new Replaying(replica);
  openJournal(journalOptions, replaying, (outcome) => {
    if (!outcome.ok) {
      done({ ok: false, message: outcome.failure.message });
      return;
    }
    const message = whyNot(replica, replaying, folder);
    if (message === undefined) {
      store = live(outcome.journal, outcome.recovered.damage, replaying.snapshotBytes);
    } else {
      outcome.journal.close(() => done({ ok: false, message }));
    }
  });
}

function replicaOf(options: CausalStoreOptions, newId: () => string): Replica {
  const { host, address, members: list = [], watch } = options;
  const { group = 0, causalWaitMs = limits.causalWaitMs, antiEntropyMs = limits.antiEntropyMs } = options;
  const seed = host.random.u32();
  const buffers = { ...limits, ...options.buffers };
  return new Replica({ address, list, group, causalWaitMs, antiEntropyMs, seed, newId, watch, buffers });
}

/** What is in the way of a replica that has been read, if anything is. */
function whyNot(replica: Replica, { unreadable }: Replaying, folder: string): string | undefined {
  if (unreadable !== undefined) {
    return `The journal in ${folder} cannot be read by this version: ${unreadable}`;
  }
  const starts = startsOf(replica);
  if (starts < limits.startsMax) return undefined;
  return (
    `The store in ${folder} was started ${starts} times, all its replicas together, and cannot be started ` +
    'again: copy its keys into a new one, from a replica that still runs.'
  );
}

/** Of all replicas, as far as this one knows: each has given the vector an entry. */
function startsOf({ ledger }: Replica): number {
  return ledger.state.applied.size;
}

/** Hands the journal to the replica. Its bytes are whole; whether they make sense shows here. */
class Replaying implements Replay {
  readonly #replica: Replica;
  /** What was wrong with the first entry that made no sense; nothing behind it is looked at. */
  unreadable: string | undefined;
  /** Of the snapshot the journal begins with. */
  snapshotBytes = 0;

  constructor(replica: Replica) {
    this.#replica = replica;
  }

  snapshot(chunk: Uint8Array): void {
    this.snapshotBytes += chunk.byteLength;
    this.#read(() => this.#replica.ledger.replaySnapshot(chunk));
  }

  record(bytes: Uint8Array): void {
    this.#read(() => this.#replica.ledger.replay(bytes));
  }

  #read(read: () => void): void {
    if (this.unreadable !== undefined) return;
    try {
      read();
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.unreadable = error.message;
    }
  }
}
