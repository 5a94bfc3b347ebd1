/**
 * Numbers the puts of one instance, whichever registry they go to: registries may share a store, and there
 * the higher number counts. Every announcer of the instance is told of a change before any of them sends
 * again; so of two puts the one with the higher number never carries the older state.
 */
export class Sequence {
  #last = 0;

  next(): number {
    this.#last += 1;
    return this.#last;
  }
}
