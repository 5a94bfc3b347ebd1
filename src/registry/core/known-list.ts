import type { Instance } from '../../calls/index.ts';
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

  /** How many are shown on past word alone. */
  get kept(): number {
    return this.#kept.size;
  }

  /** What callers see, in the order of ids. */
  shown(): readonly Instance[] {
    const all = new Map(this.#listed);
    for (const [id, instance] of this.#kept) all.set(id, instance);
    return [...all.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
  }

  /** The registry's whole list. What it lacks of ours is kept. */
  replace(instances: readonly Registered[]): void {
    for (const [id, instance] of this.#listed) if (!this.#kept.has(id)) this.#kept.set(id, instance);
    this.#listed = new Map(instances.map(({ instance }) => [instance.id, instance]));
    for (const instance of this.#listed.values()) this.#confirm(instance);
  }

  /** `keepExpired`: the registry may not have heard of it for reasons of its own. */
  apply(change: Change, keepExpired: boolean): void {
    if (change.kind === 'put') {
      this.#listed.set(change.instance.id, change.instance);
      this.#confirm(change.instance);
      return;
    }
    const { id, incarnation, why } = change;
    const listed = this.#listed.get(id);
    if (why === 'withdrawn' && this.#kept.get(id)?.incarnation === incarnation) this.#kept.delete(id);
    if (listed?.incarnation !== incarnation) return;
    this.#listed.delete(id);
    if (why === 'expired' && keepExpired && !this.#kept.has(id)) this.#kept.set(id, listed);
  }

  /** From now on only the registry's word counts. */
  settle(): void {
    this.#kept.clear();
  }

  #confirm(listed: Instance): void {
    const kept = this.#kept.get(listed.id);
    if (kept !== undefined && mayReplace(listed.incarnation, kept.incarnation))
      this.#kept.delete(listed.id);
  }
}
