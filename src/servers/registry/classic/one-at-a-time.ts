/**
 * Runs asynchronous work in the order it was handed in, each when the one before has ended. What waits is
 * bounded: `run` answers undefined, and does nothing, when too much waits already.
 */
export class OneAtATime {
  readonly #waitingMax: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(waitingMax: number) {
    this.#waitingMax = waitingMax;
  }

  run<T>(work: () => Promise<T>): Promise<T> | undefined {
    if (this.#waiting >= this.#waitingMax) return undefined;
    this.#waiting += 1;
    const mine = this.#last.then(() => {
      this.#waiting -= 1;
      return work();
    });
    // The next one runs however this one ends; whoever asked for this one hears of it.
    this.#last = mine.catch(() => {});
    return mine;
  }

  /** When all that was handed in has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
