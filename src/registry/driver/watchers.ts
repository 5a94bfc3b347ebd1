import type { Observe } from '../../std/index.ts';
import type { StoreEvent, WatchRequest } from '../store.ts';
import type { WatchFrame } from '../watch-frame.ts';

export interface Watcher {
  readonly service: WatchRequest['service'];
  readonly send: (frame: WatchFrame) => void;
  readonly end: (why: string) => void;
}

/** Who watches a store, by number. A watcher hears what all hear from its own first frame on. */
export class Watchers {
  readonly #watchers = new Map<number, Watcher>();
  readonly #begun = new Set<number>();
  readonly #observe: Observe<StoreEvent>;

  /** `observe`: the store's own observer, told of changes after the watchers. */
  constructor(observe: Observe<StoreEvent>) {
    this.#observe = observe;
  }

  add(number: number, watcher: Watcher): void {
    this.#watchers.set(number, watcher);
  }

  remove(number: number): void {
    this.#watchers.delete(number);
    this.#begun.delete(number);
  }

  clear(): void {
    this.#watchers.clear();
    this.#begun.clear();
  }

  send(number: number, frame: WatchFrame): void {
    const watcher = this.#watchers.get(number);
    if (watcher === undefined) return;
    this.#begun.add(number);
    watcher.send(frame);
  }

  end(number: number, why: string): void {
    const watcher = this.#watchers.get(number);
    this.remove(number);
    watcher?.end(why);
  }

  /** To all; a change only to those who watch its service. */
  broadcast(frame: WatchFrame): void {
    const only = frame.type === 'change' ? frame.change.service : undefined;
    for (const number of [...this.#begun]) {
      const watcher = this.#watchers.get(number);
      if (watcher === undefined) continue;
      const { service, send } = watcher;
      if (only === undefined || service === undefined || service === only) send(frame);
    }
    if (frame.type === 'change') this.#observe({ type: 'changed', change: frame.change });
  }
}
