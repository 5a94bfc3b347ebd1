import { Clients, Observations } from './clients.ts';
import { Cluster, type ClusterOptions } from './cluster.ts';
import { type Amounts, difference } from './traffic.ts';

/** What is varied. */
export interface Setting {
  readonly replicas: number;
  readonly clients: number;
  /** Of replicas, in turn, before anything is measured. */
  readonly restarts: number;
  /** Disks that each write waits for. */
  readonly copies: number;
}

/** What stays the same. */
export interface Load {
  readonly requestsPerS: number;
  /** Of the requests of a client that writes; every other client only reads. */
  readonly writeShare: number;
  readonly keys: number;
  readonly valueCharacters: number;
  /** Before the measured time, under the same load. */
  readonly warmupMs: number;
  /** The last of the restarts, which are spread over that time, is so long before its end. */
  readonly settledMs: number;
  readonly measuredMs: number;
  /** Without load: first until nothing is left to be said, then measured. */
  readonly calmMs: number;
  readonly idleMs: number;
  /** New clients that only read, while nobody writes. */
  readonly readingMs: number;
}

export interface Measured {
  readonly seed: number;
  /** Of what clients carry, each time they are given a new one, in bytes. */
  readonly tokens: readonly number[];
  readonly readersTokens: readonly number[];
  /** Incarnations that a token names, at most. */
  readonly entriesMax: number;
  readonly reads: number;
  readonly writes: number;
  readonly failures: number;
  /** Of all links, in the measured time. */
  readonly bytes: Amounts;
  readonly counts: Amounts;
  readonly idleBytes: Amounts;
  /** Of all links, from the first moment to the last: what the counters are checked by. */
  readonly total: { readonly bytes: Amounts; readonly counts: Amounts; readonly written: number };
  /** Incarnations in a replica's version vector, and pairs of them in its memory of claims. */
  readonly origins: number;
  readonly claimPairs: number;
  readonly traceHash: string;
}

/** One run: a cluster warms up under load, is measured, falls idle, and is read from. */
export function measure(
  setting: Setting,
  load: Load,
  seed: number,
  onApplying?: ClusterOptions['onApplying'],
): Measured {
  const cluster = new Cluster({ replicas: setting.replicas, seed, onApplying });
  const { simulation, traffic } = cluster;
  cluster.untilEqual();
  const { clients: count, copies } = setting;
  const clients = new Clients({ cluster, clients: count, seed, copies, ...load });
  restartInTurn(cluster, clients, setting.restarts, load.warmupMs - load.settledMs);
  simulation.runFor(load.warmupMs);

  const seen = new Observations();
  clients.observations = seen;
  const [bytesBefore, countsBefore] = [traffic.bytes, traffic.counts];
  simulation.runFor(load.measuredMs);
  const bytes = difference(traffic.bytes, bytesBefore);
  const counts = difference(traffic.counts, countsBefore);
  clients.stop();

  simulation.runFor(load.calmMs);
  const idleBefore = traffic.bytes;
  simulation.runFor(load.idleMs);
  const idleBytes = difference(traffic.bytes, idleBefore);
  cluster.untilEqual();

  const readers = new Clients({ cluster, clients: count, seed: seed + 1, copies, ...load, writeShare: 0 });
  simulation.runFor(load.readingMs);
  readers.stop();
  const { reads, writes, failures, tokenBytes: tokens } = seen;
  return {
    seed,
    tokens,
    readersTokens: readers.observations.tokenBytes,
    entriesMax: Math.max(seen.tokenEntriesMax, readers.observations.tokenEntriesMax),
    reads,
    writes,
    failures: failures + readers.observations.failures,
    bytes,
    counts,
    idleBytes,
    total: { bytes: traffic.bytes, counts: traffic.counts, written: traffic.written },
    origins: cluster.origins,
    claimPairs: cluster.claimPairs,
    traceHash: simulation.traceHash(),
  };
}

function restartInTurn(cluster: Cluster, clients: Clients, restarts: number, withinMs: number): void {
  for (let restart = 0; restart < restarts; restart++) {
    const replica = restart % cluster.size;
    cluster.simulation.after((restart * withinMs) / restarts, () => {
      cluster.restart(replica);
      clients.giveUpAt(replica);
    });
  }
}
