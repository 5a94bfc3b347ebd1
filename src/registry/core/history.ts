import { assert, must } from '../../std/index.ts';
import type { Change } from '../watch-frame.ts';

/** The latest changes, consecutive in revision and bounded in number. */
export class History {
  readonly #lengthMax: number;
  #changes: Change[] = [];

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  append(change: Change): void {
    const last = this.#changes.at(-1);
    assert(last === undefined || change.revision === last.revision + 1, 'revisions are consecutive');
    this.#changes.push(change);
    // Cut in halves: dropping one at a time from the front of an array costs its length each time.
    if (this.#changes.length >= 2 * this.#lengthMax) this.#changes = this.#changes.slice(-this.#lengthMax);
  }

  /** The changes after `revision`, oldest first; undefined when one of them is no longer held. */
  after(revision: number, newest: number): readonly Change[] | undefined {
    if (revision === newest) return [];
    if (revision > newest || this.#changes.length === 0) return undefined;
    const oldest = must(this.#changes[0], 'oldest change').revision;
    if (revision < oldest - 1) return undefined;
    return this.#changes.slice(revision + 1 - oldest);
  }
}
