import type { CausalStoreOptions } from 'holdfast/causal-store';
import type { Prng } from 'holdfast/std';

/** What one run is about. */
export interface Plan {
  readonly replicas: readonly string[];
  readonly sessions: number;
  readonly keys: readonly string[];
  /** Of ten requests, so many are puts and so many deletes; the rest are gets. */
  readonly puts: number;
  readonly deletes: number;
  /** Mean time between two requests of a session. */
  readonly thinkMs: number;
  /** How often a session moves to another replica. */
  readonly moveChance: number;
  /** How many disks a write asks for, at most. */
  readonly copiesMax: number;
  /** Mean time between changes of the members by an operator; 0 for none. */
  readonly viewChangeEveryMs: number;
  /** Mean time between moments at which all replicas lose their power; 0 for none. */
  readonly blackoutEveryMs: number;
  /** Small ones are full now and then: who lags is sent a snapshot, and what is too much is dropped. */
  readonly buffers: CausalStoreOptions['buffers'];
}

export function drawPlan(prng: Prng): Plan {
  const size = 3 + prng.below(prng.chance(0.25) ? 7 : 3);
  const keys = 1 + prng.below(prng.chance(0.5) ? 2 : 8);
  return {
    replicas: Array.from({ length: size }, (_, index) => `r${index + 1}`),
    sessions: 2 + prng.below(5),
    keys: Array.from({ length: keys }, (_, index) => `k${index + 1}`),
    puts: 2 + prng.below(4),
    deletes: prng.below(4),
    thinkMs: [20, 100, 500][prng.below(3)] ?? 100,
    moveChance: [0.02, 0.3, 1][prng.below(3)] ?? 0.3,
    copiesMax: 1 + prng.below(2),
    viewChangeEveryMs: prng.chance(0.3) ? 1_000 + prng.below(6_000) : 0,
    blackoutEveryMs: prng.chance(0.15) ? 1_000 + prng.below(5_000) : 0,
    buffers: prng.chance(0.5) ? drawBuffers(prng) : {},
  };
}

function drawBuffers(prng: Prng): Plan['buffers'] {
  const most = prng.chance(0.5) ? 4 : 40;
  return {
    logRecordsMax: 1 + prng.below(most),
    heldRecordsMax: 1 + prng.below(most),
    batchBytesMax: 1 + prng.below(10 * most),
    scanEntriesPerTurn: 1 + prng.below(4),
    scanRestMax: prng.below(3),
    journalBytesMin: 1_000 * (1 + prng.below(most)),
  };
}
