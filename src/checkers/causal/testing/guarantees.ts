import { must } from '../../../std/index.ts';
import type { ViolationKind } from '../kind.ts';
import { type Decoded, decode, untold } from './decoded.ts';
import { historyOf, type Recorded } from './recorded.ts';
import { happensBefore } from './reference.ts';
import type { Relation } from './relation.ts';

/**
 * Which guarantees are broken by reads that return what was overwritten in their past, by the definitions
 * (Terry et al., 1994). Shares nothing with the checker but the history.
 */
export class Guarantees {
  readonly #recorded: readonly Recorded[];
  readonly #decoded: Decoded;
  readonly #past: Relation;

  constructor(recorded: readonly Recorded[]) {
    this.#recorded = recorded;
    this.#decoded = decode(historyOf(recorded));
    this.#past = happensBefore(this.#decoded);
  }

  /** Whether no operations depend on each other: the definitions ask for that. */
  isAcyclic(): boolean {
    return this.#past.isIrreflexive();
  }

  /**
   * Of all reads. Undefined where the definitions do not say: operations depend on each other, or a get that
   * found nothing does not tell which delete it saw.
   */
  broken(): ReadonlySet<ViolationKind> | undefined {
    if (!this.isAcyclic()) return undefined;
    const found = new Set<ViolationKind>();
    for (const [read, broken] of this.brokenReads()) {
      if (this.#decoded.source[read] === untold && this.#isEverDeleted(read)) return undefined;
      for (const kind of broken) found.add(kind);
    }
    return found;
  }

  /** The reads that broke something, and what. */
  *brokenReads(): Iterable<readonly [read: number, broken: ReadonlySet<ViolationKind>]> {
    const { operations, source } = this.#decoded;
    for (const [read, { type }] of operations.entries()) {
      if (type !== 'read') continue;
      const broken = this.brokenBy(read, must(source[read], 'what a read saw'));
      if (broken.size > 0) yield [read, broken];
    }
  }

  /** Of one read, were this the write it saw; `untold` for none. */
  brokenBy(read: number, seen: number): ReadonlySet<ViolationKind> {
    const found = new Set<ViolationKind>();
    for (const [write, { type, key }] of this.#decoded.operations.entries()) {
      if (type === 'read' || key !== this.#decoded.operations[read]?.key || !this.#isBefore(write, read))
        continue;
      if (seen === untold || this.#past.has(seen, write)) found.add(this.#guarantee(read, seen, write));
    }
    return found;
  }

  /** In a read's past, whatever that saw. */
  #isBefore(write: number, read: number): boolean {
    return this.#before(read).some((each) => each === write || this.#past.has(write, each));
  }

  #isEverDeleted(read: number): boolean {
    const { operations } = this.#decoded;
    return operations.some(({ type, key }) => type === 'delete' && key === operations[read]?.key);
  }

  /** What a read broke that missed a write. */
  #guarantee(read: number, seen: number, write: number): ViolationKind {
    const { operations, source } = this.#decoded;
    if (operations[write]?.type === 'delete' && operations[seen]?.type === 'put')
      return 'resurrected-value';
    if (this.#recorded[read]?.isFinal === true) return 'stale-final';
    if (this.#before(read).includes(write)) return 'read-your-writes';
    const seenBefore = this.#before(read).map((each) => source[each] ?? untold);
    if (seenBefore.includes(write)) return 'monotonic-reads';
    if (seenBefore.some((other) => this.#before(other).includes(write))) return 'monotonic-writes';
    const isFollowed = seenBefore.some((other) =>
      this.#before(other).some((each) => source[each] === write),
    );
    return isFollowed ? 'writes-follow-reads' : 'causal-order';
  }

  #before(operation: number): readonly number[] {
    return this.#decoded.operations[operation]?.before ?? [];
  }
}
