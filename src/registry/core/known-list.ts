import type { Instance } from '../../calls/index.ts';
import { must } from '../../std/index.ts';
import { mayReplace } from '../incarnation.ts';
import type { Registered } from '../instance.ts';
import type { Change } from '../watch-frame.ts';

/**
 * The instances of one service: those the registry lists, and beside them those it used to list and has not
 * confirmed since the last reconnect. The latter stay until `settle`, because a registry that was away or
 * restarted lacks instances that are perfectly alive.
 *
 * Invariant: of an id one instance is shown, the later incarnation of the two.
 */
export class KnownList {
  #listed = new Map<string, Instance>();
  #kept = new Map<string, Instance>();
  /** In the order of ids. Never changed, always replaced: callers hold on to it. */
  #shown: readonly Instance[] = [];

  /** How many are shown on past word alone. */
  get kept(): number {
    return this.#kept.size;
  }

  /** What callers see, in the order of ids; the same array for as long as nothing changes. */
  shown(): readonly Instance[] {
    return this.#shown;
  }

  /** The registry's whole list. What it lacks of ours is kept. */
  replace(instances: readonly Registered[]): void {
    for (const [id, instance] of this.#listed) if (!this.#kept.has(id)) this.#kept.set(id, instance);
    this.#listed = new Map(instances.map(({ instance }) => [instance.id, instance]));
    for (const instance of this.#listed.values()) this.#confirm(instance);
    this.#showAll();
  }

  /** `keepExpired`: the registry may not have heard of it for reasons of its own. */
  apply(change: Change, keepExpired: boolean): void {
    if (change.kind === 'put') {
      this.#listed.set(change.instance.id, change.instance);
      this.#confirm(change.instance);
      this.#show(change.instance.id);
      return;
    }
    const { id, incarnation, why } = change;
    const listed = this.#listed.get(id);
    if (why === 'withdrawn' && this.#kept.get(id)?.incarnation === incarnation) this.#kept.delete(id);
    if (listed?.incarnation === incarnation) {
      this.#listed.delete(id);
      if (why === 'expired' && keepExpired && !this.#kept.has(id)) this.#kept.set(id, listed);
    }
    this.#show(id);
  }

  /** From now on only the registry's word counts. */
  settle(): void {
    if (this.#kept.size === 0) return;
    this.#kept.clear();
    this.#showAll();
  }

  #confirm(listed: Instance): void {
    const kept = this.#kept.get(listed.id);
    if (kept !== undefined && mayReplace(listed.incarnation, kept.incarnation))
      this.#kept.delete(listed.id);
  }

  #showAll(): void {
    const all = new Map([...this.#listed, ...this.#kept]);
    this.#shown = [...all.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
  }

  /** Of one id only: sorting a thousand for each change was most of what a watcher did. */
  #show(id: string): void {
    const instance = this.#kept.get(id) ?? this.#listed.get(id);
    const at = this.#indexOf(id);
    const present = this.#shown[at]?.id === id;
    if (!present && instance === undefined) return;
    this.#shown = this.#shown.toSpliced(at, present ? 1 : 0, ...(instance === undefined ? [] : [instance]));
  }

  /** Of the first that is not before the id. */
  #indexOf(id: string): number {
    let low = 0;
    let high = this.#shown.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (must(this.#shown[middle], 'instance').id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
