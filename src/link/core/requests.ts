/** A request on its way, or its answer. */
export interface Pending<Done> {
  readonly done: Done;
  /** Where its last byte stands in all that was ever queued on the connection. */
  readonly position: number;
}

/**
 * The requests of one connection that wait for an answer, by the numbers that stand for them on the wire.
 * Numbers are used again only after all others. Invariant: each is taken out once, so answered once.
 */
export class Requests<Done> {
  readonly #pending = new Map<number, Pending<Done>>();
  readonly #max: number;
  #last = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get full(): boolean {
    return this.#pending.size >= this.#max;
  }

  nextId(): number {
    do this.#last = (this.#last + 1) >>> 0;
    while (this.#pending.has(this.#last));
    return this.#last;
  }

  add(id: number, pending: Pending<Done>): void {
    this.#pending.set(id, pending);
  }

  take(id: number): Pending<Done> | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  takeAll(): Pending<Done>[] {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    return all;
  }
}
