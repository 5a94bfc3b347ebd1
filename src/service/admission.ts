import { assert } from '../std/index.ts';

/**
 * How much a service takes on at once, HTTP requests and gRPC calls together. What is asked about the service
 * itself (health, drills) needs no place: it is answered most of all when there is none left.
 */
export class Admission {
  readonly #placesMax: number;
  #taken = 0;

  constructor(placesMax: number) {
    this.#placesMax = placesMax;
  }

  /** False when the service is full. Who got a place gives it back with `leave`, once. */
  tryEnter(): boolean {
    if (this.#taken >= this.#placesMax) return false;
    this.#taken += 1;
    return true;
  }

  leave(): void {
    this.#taken -= 1;
    assert(this.#taken >= 0, 'a place is given back once');
  }
}
