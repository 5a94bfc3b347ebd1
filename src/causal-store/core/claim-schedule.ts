import { limits } from '../limits.ts';
import type { Ledger } from './ledger.ts';
import type { Dot, StoreRecord } from './record.ts';
import { raise, sequenceOf, type Vector } from './vector.ts';

/** What a replica is to claim now. */
export interface DueClaim {
  readonly dependencies: readonly Dot[];
  readonly isEcho: boolean;
}

/**
 * When a replica says what it has applied: some time after it has applied something that is not itself a
 * claim, so that tokens get smaller, logs shorter and tombstones go. What is stable takes a second round, in
 * which everybody claims the claims of the first: it consists of echoes, which nobody echoes in turn. So
 * some time after the last write nobody claims anything any more.
 */
export class ClaimSchedule {
  readonly #ledger: Ledger;
  /** What the own incarnation has claimed last. */
  #claimed = new Map<string, number>();
  /** What has been applied since. */
  #since: 'nothing' | 'claims' | 'records' = 'nothing';
  #lastMs = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** An opening claims all there is. */
  opened(applied: Vector, nowMs: number): void {
    this.#claimed = new Map(applied);
    this.#since = 'nothing';
    this.#lastMs = nowMs;
  }

  applied(record: StoreRecord): void {
    if (record.kind !== 'claim') this.#since = 'records';
    else if (!record.isEcho && this.#since === 'nothing') this.#since = 'claims';
  }

  /**
   * Records were applied that came in a snapshot. One without a key is most likely of claims: to claim them
   * in turn would bring the next one, where logs are short.
   */
  leapt(keys: number): void {
    if (keys > 0) this.#since = 'records';
    else if (this.#since === 'nothing') this.#since = 'claims';
  }

  /** Somebody waits for claims that nobody has a reason to make: one that all others claim in turn. */
  nudge(): void {
    this.#since = 'records';
  }

  get dueMs(): number {
    return this.#lastMs + limits.claimEveryMs;
  }

  /** Nothing can be written now. */
  postpone(nowMs: number): void {
    if (nowMs >= this.dueMs) this.#lastMs = nowMs;
  }

  /** What is to be claimed now; undefined when there is nothing, or it is too early. */
  due(nowMs: number): DueClaim | undefined {
    if (nowMs < this.dueMs) return undefined;
    this.#lastMs = nowMs;
    if (this.#since === 'nothing') return undefined;
    const { intake, own } = this.#ledger;
    const dependencies: Dot[] = [];
    for (const [origin, sequence] of intake.accepted) {
      if (origin !== own.origin && sequence > sequenceOf(this.#claimed, origin)) {
        dependencies.push({ origin, sequence });
      }
    }
    return { dependencies, isEcho: this.#since === 'claims' };
  }

  claimed({ dependencies }: DueClaim): void {
    for (const { origin, sequence } of dependencies) raise(this.#claimed, origin, sequence);
    this.#since = 'nothing';
  }
}
