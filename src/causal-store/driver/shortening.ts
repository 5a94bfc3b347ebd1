import type { Clock } from '../../host/index.ts';
import type { Journal } from '../../journal/index.ts';
import type { Ledger } from '../core/ledger.ts';
import { Scan } from '../core/scan.ts';
import { limits } from '../limits.ts';

export interface ShorteningOptions {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly ledger: Ledger;
  /** Of the snapshot that the journal began with; 0 without one. */
  readonly snapshotBytes: number;
  readonly failed: (message: string) => void;
  /** The store has been read: what was forgotten meanwhile can go. */
  readonly scanned: () => void;
}

/**
 * Puts a snapshot in the place of a journal that has grown, so that a start does not have to read all of it:
 * once there is more behind the last one than twice its size. What fails is tried again only after a while:
 * each time it reads the whole store.
 */
export class Shortening {
  readonly #options: ShorteningOptions;
  #snapshotBytes: number;
  #notBeforeMs = 0;

  constructor(options: ShorteningOptions) {
    this.#options = options;
    this.#snapshotBytes = options.snapshotBytes;
  }

  whenDue(): void {
    const { clock, journal, ledger, failed } = this.#options;
    const dueBytes = Math.max(ledger.buffers.journalBytesMin, 2 * this.#snapshotBytes);
    if (journal.bytesSinceSnapshot < dueBytes || clock.nowMs() < this.#notBeforeMs) return;
    // Only the journal has the chunks that have come of a peer's snapshot, and what is set aside.
    if (ledger.isStaging || ledger.quarantines.length > 0) return;
    const { intake, state, buffers } = ledger;
    const scan = new Scan(state, { tail: () => intake.waiting(), buffers });
    const isTaken = journal.snapshot(
      () => chunksOf(scan, ledger.identityNote()),
      (outcome) => {
        scan.close();
        this.#options.scanned();
        if (outcome.ok) {
          this.#snapshotBytes = outcome.bytes;
          return;
        }
        this.#notBeforeMs = clock.nowMs() + limits.shortenRetryMs;
        failed(outcome.failure.message);
      },
    );
    if (!isTaken) scan.close();
  }
}

/** Who the replica is, then everything it has. */
function chunksOf(scan: Scan, identity: Uint8Array): () => Uint8Array | undefined {
  let first: Uint8Array | undefined = identity;
  return () => {
    const chunk = first ?? scan.next();
    first = undefined;
    return chunk;
  };
}
