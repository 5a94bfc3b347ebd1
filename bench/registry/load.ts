import { type ChildProcess, spawn } from 'node:child_process';
import { must } from 'holdfast/std';
import { type Child, measured } from '../measure/child.ts';
import type { Listed, Moment, Order, SeenAnswer, Traffic } from './messages.ts';

/** A process that makes load and takes orders. */
class LoadProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly process: Child;
  #number = 0;
  #hasEnded = false;

  constructor(file: string, args: readonly string[]) {
    this.#child = spawn(process.execPath, [file, ...args], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.process = measured(this.#child, 0);
    this.#child.on('message', (message) => {
      const { number, answer } = message as { readonly number: number; readonly answer: unknown };
      this.#waiting.get(number)?.resolve(answer);
      this.#waiting.delete(number);
    });
    this.#child.on('exit', () => {
      this.#hasEnded = true;
      for (const each of this.#waiting.values()) each.reject(tooEarly());
    });
  }

  ask(order: Order): Promise<unknown> {
    if (this.#hasEnded) return Promise.reject(tooEarly());
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(++this.#number, waiting);
    this.#child.send({ number: this.#number, order });
    return waiting.promise;
  }
}

/** What it died of stands above, in its own words. */
const tooEarly = (): Error => new Error('A process that makes load ended before the bench.');

export interface LoadShape {
  readonly address: string;
  readonly key: string;
  readonly announcersFile: string;
  readonly watchersFile: string;
}

/** Instances a process announces, and watchers it has: at most. */
export const instancesEach = 250;
export const watchersEach = 25;

/** All the instances and watchers of one run. */
export class Load {
  readonly #shape: LoadShape;
  readonly #announcing: LoadProcess[] = [];
  readonly #watching: LoadProcess[] = [];
  #instances = 0;

  constructor(shape: LoadShape) {
    this.#shape = shape;
  }

  get instances(): number {
    return this.#instances;
  }

  /** Adds instances, in whole processes, until there are `count`, all of them listed. */
  async announce(count: number): Promise<void> {
    const started: Promise<unknown>[] = [];
    for (; this.#instances < count; this.#instances += instancesEach) {
      const added = this.#start(this.#shape.announcersFile);
      this.#announcing.push(added);
      started.push(added.ask({ type: 'announce', first: this.#instances, count: instancesEach }));
    }
    await Promise.all(started);
  }

  /** Adds watchers, in whole processes, until there are `count`, each with the whole list. */
  async watch(count: number): Promise<void> {
    const started: Promise<unknown>[] = [];
    for (let watchers = 0; watchers < count; watchers += watchersEach) {
      const added = this.#start(this.#shape.watchersFile);
      this.#watching.push(added);
      started.push(added.ask({ type: 'watch', count: watchersEach, instances: this.#instances }));
    }
    await Promise.all(started);
  }

  async change(index: number): Promise<void> {
    const owner = must(this.#announcing[Math.floor(index / instancesEach)], 'the process of the instance');
    await owner.ask({ type: 'change', index });
  }

  announcersTraffic(): Promise<Traffic> {
    return trafficOf(this.#announcing);
  }

  watchersTraffic(): Promise<Traffic> {
    return trafficOf(this.#watching);
  }

  /** CPU of the watching processes, which decode and keep the lists. */
  watchersCpuUs(): number {
    return this.#watching.reduce((sum, each) => sum + each.process.cpuUs(), 0);
  }

  async made(): Promise<readonly Moment[]> {
    const answers = await Promise.all(this.#announcing.map((each) => each.ask({ type: 'made' })));
    return (answers as readonly (readonly Moment[])[]).flat();
  }

  async listed(): Promise<readonly Listed[]> {
    const answers = await Promise.all(this.#announcing.map((each) => each.ask({ type: 'listed' })));
    return (answers as readonly (readonly Listed[])[]).flat();
  }

  async seen(): Promise<readonly SeenAnswer[]> {
    return (await Promise.all(
      this.#watching.map((each) => each.ask({ type: 'seen' })),
    )) as readonly SeenAnswer[];
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#announcing, ...this.#watching].map((each) => each.process.stop()));
  }

  #start(file: string): LoadProcess {
    return new LoadProcess(file, [this.#shape.address, this.#shape.key]);
  }
}

async function trafficOf(processes: readonly LoadProcess[]): Promise<Traffic> {
  const all = (await Promise.all(processes.map((each) => each.ask({ type: 'traffic' })))) as Traffic[];
  return all.reduce(
    (sum, each) => ({
      requests: sum.requests + each.requests,
      sentBytes: sum.sentBytes + each.sentBytes,
      receivedBytes: sum.receivedBytes + each.receivedBytes,
    }),
    { requests: 0, sentBytes: 0, receivedBytes: 0 },
  );
}
