import type { Call } from './call.ts';

/** Calls in a state in which they wait, first come first served, and no more than a bound. */
export class WaitingCalls<Token> {
  readonly #state: Call<Token>['state'];
  readonly #lengthMax: number;
  #calls: Call<Token>[] = [];

  constructor(state: 'looking-up' | 'queued', lengthMax: number) {
    this.#state = state;
    this.#lengthMax = lengthMax;
  }

  get isEmpty(): boolean {
    return this.at(0) === undefined;
  }

  get length(): number {
    this.#dropGone();
    return this.#calls.length;
  }

  /** The call with so many before it that still wait. Those that have left are dropped on the way. */
  at(place: number): Call<Token> | undefined {
    while (place < this.#calls.length && this.#calls[place]?.state !== this.#state) {
      this.#calls.splice(place, 1);
    }
    return this.#calls[place];
  }

  /** False when there is no room. */
  add(call: Call<Token>): boolean {
    if (this.#calls.length >= this.#lengthMax) this.#dropGone();
    if (this.#calls.length >= this.#lengthMax) return false;
    call.state = this.#state;
    this.#calls.push(call);
    return true;
  }

  takeAll(): readonly Call<Token>[] {
    this.#dropGone();
    const calls = this.#calls;
    this.#calls = [];
    return calls;
  }

  /** Forgets those that do not wait any more. */
  #dropGone(): void {
    this.#calls = this.#calls.filter(({ state }) => state === this.#state);
  }
}
