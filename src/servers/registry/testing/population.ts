import { Worker } from 'node:worker_threads';
import { firstStep, stateAt } from './steps.ts';
import { Watcher } from './watcher.ts';

/** Many instances and those who watch them. */
export class Population {
  readonly #address: string;
  readonly #announcers: Worker;
  readonly #watchers: Watcher[] = [];
  /** The step of each instance, by its number. */
  readonly #steps: number[] = [];

  constructor(address: string) {
    this.#address = address;
    this.#announcers = new Worker(new URL('./announcers.ts', import.meta.url), { workerData: { address } });
  }

  add(count: number): void {
    for (let added = 0; added < count; added++) this.#set(this.#steps.length, firstStep);
  }

  /** Adds instances and resolves when all are listed. */
  async addListed(count: number): Promise<void> {
    const waiting = new Set<number>();
    for (let number = this.#steps.length; waiting.size < count; number++) waiting.add(number);
    this.add(count);
    const { promise, resolve } = Promise.withResolvers<void>();
    const listed = (number: number): void => {
      waiting.delete(number);
      if (waiting.size === 0) resolve();
    };
    this.#announcers.on('message', listed);
    await promise;
    this.#announcers.off('message', listed);
  }

  watch(count: number): void {
    for (let added = 0; added < count; added++)
      this.#watchers.push(new Watcher(this.#address, this.#steps));
  }

  /** The instances from `first` to before `end` take their next step. */
  advance(first: number, end: number): void {
    for (let number = first; number < end; number++) this.#set(number, (this.#steps[number] ?? 0) + 1);
  }

  /** Each instance takes as many steps as it is away from being ready, in this life or the next. */
  advanceToReady(): void {
    this.#steps.forEach((step, number) => {
      for (let next = step; stateAt(next) !== 'ready'; next++) this.#set(number, next + 1);
    });
  }

  /** How many watchers do not show every instance as it is now. */
  get wrongWatchers(): number {
    return this.#watchers.filter(({ isRight }) => !isRight).length;
  }

  get faults(): readonly string[] {
    return this.#watchers.flatMap(({ faults }) => faults);
  }

  async close(): Promise<void> {
    await Promise.all([
      this.#announcers.terminate(),
      ...this.#watchers.map(({ client }) => client.close()),
    ]);
  }

  #set(number: number, step: number): void {
    this.#steps[number] = step;
    this.#announcers.postMessage({ number, step });
  }
}
