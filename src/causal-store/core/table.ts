import { Graves } from './graves.ts';
import { compareVersions, type VersionId, versionOf, type Write } from './record.ts';
import { SortedKeys } from './sorted-keys.ts';
import type { Vector } from './vector.ts';

export interface Page {
  readonly keys: readonly string[];
  /** Whether there are keys behind these. */
  readonly more: boolean;
}

/**
 * The keys and what they hold: of each the write that wins, a tombstone when that is a delete.
 *
 * Invariants: a key's write is the highest version of those applied; a tombstone goes only when nobody can
 * bring an older version of its key any more; `live` lists the keys with a value, in order.
 */
export class Table {
  readonly #writes = new Map<string, Write>();
  readonly #live = new SortedKeys();
  readonly #graves = new Graves((tombstone) => this.#writes.get(tombstone.key) === tombstone);
  #tombstoneCount = 0;
  /** The highest stamp of a tombstone that is gone: below it, a missing key may be a deleted one. */
  horizon = 0;
  /** Told of every tombstone that goes. For checks. */
  onCollected: ((tombstone: Write) => void) | undefined;
  /** Told of every key that changes. */
  #observers = new Set<(key: string) => void>();

  /** Keys with a value. */
  get size(): number {
    return this.#live.size;
  }

  /** Keys and tombstones. */
  get entries(): number {
    return this.#writes.size;
  }

  get tombstones(): number {
    return this.#tombstoneCount;
  }

  get(key: string): Write | undefined {
    return this.#writes.get(key);
  }

  writes(): IterableIterator<Write> {
    return this.#writes.values();
  }

  /** Whether the key had a value before, and whether this write now decides. */
  apply(write: Write): { readonly existed: boolean; readonly wins: boolean } {
    const before = this.#writes.get(write.key);
    const existed = before?.value !== undefined;
    if (before !== undefined && compareVersions(versionOf(write), versionOf(before)) <= 0) {
      return { existed, wins: false };
    }
    this.#writes.set(write.key, write);
    if (before !== undefined && before.value === undefined) this.#tombstoneCount--;
    if (write.value === undefined) {
      this.#tombstoneCount++;
      this.#graves.add(write);
    }
    if (existed !== (write.value !== undefined)) {
      if (existed) this.#live.delete(write.key);
      else this.#live.add(write.key);
    }
    for (const changed of this.#observers) changed(write.key);
    return { existed, wins: true };
  }

  /**
   * Removes tombstones that every member is known to have. None while somebody reads the keys one after the
   * other: he may have what was deleted, and would never hear of the delete.
   */
  collect(stable: Vector): number {
    if (this.#observers.size > 0) return 0;
    const tombstones = this.#graves.take(stable);
    for (const tombstone of tombstones) {
      this.#writes.delete(tombstone.key);
      this.#tombstoneCount--;
      this.horizon = Math.max(this.horizon, versionOf(tombstone).stamp);
      this.onCollected?.(tombstone);
    }
    return tombstones.length;
  }

  page(prefix: string, after: string | undefined, most: number): Page {
    return this.#live.page(prefix, after, most);
  }

  /** Calls `changed` with every key that changes; the result ends it. */
  observe(changed: (key: string) => void): () => void {
    this.#observers.add(changed);
    return () => this.#observers.delete(changed);
  }
}

/** What another replica's write of a key means here, when it comes from behind what has been forgotten. */
export function judgeSurplus(
  mine: Write,
  theirs: Write | undefined,
  horizon: number,
): 'wins' | 'loses' | 'undecidable' {
  const version: VersionId = versionOf(mine);
  if (theirs !== undefined) return compareVersions(version, versionOf(theirs)) > 0 ? 'wins' : 'loses';
  // Whoever has what depends on a delete must not be shown what it deleted, should that still come.
  if (mine.value === undefined) return 'wins';
  return version.stamp > horizon ? 'wins' : 'undecidable';
}
