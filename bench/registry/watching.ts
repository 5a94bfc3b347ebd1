import { type Moment, nowUs, obey, type Seen, type StreamCount } from './messages.ts';
import type { TrafficCount } from './traffic.ts';
import { endOf } from './versions.ts';

/** What one watcher sees, noted as it comes. */
export class Sight {
  readonly #moments: Moment[] = [];
  readonly #list = new Map<number, number>();
  readonly #instancesMin: number;
  readonly #complete = Promise.withResolvers<void>();
  equalViews = 0;
  openedUs = 0;

  constructor(instancesMin: number) {
    this.#instancesMin = instancesMin;
  }

  /** Resolves when it knows as many instances as it is to begin with. */
  get complete(): Promise<void> {
    return this.#complete.promise;
  }

  shows(index: number, version: number): void {
    this.#list.set(index, version);
    this.#moments.push({ index, version, atUs: nowUs() });
    if (this.#list.size === this.#instancesMin) this.#complete.resolve();
  }

  dropped(index: number): void {
    const last = this.#list.get(index) ?? 0;
    this.#list.delete(index);
    this.#moments.push({ index, version: endOf(last), atUs: nowUs() });
  }

  read(): Seen {
    const { openedUs, equalViews } = this;
    return { moments: this.#moments, openedUs, equalViews, list: [...this.#list] };
  }
}

/** Opens watchers on order, each with a client of its own, as the process of a service has one. */
export function serveWatchers(
  traffic: TrafficCount,
  open: (sight: Sight) => void,
  streams: () => StreamCount | undefined,
): void {
  const sights: Sight[] = [];
  obey(async (order) => {
    switch (order.type) {
      case 'watch': {
        const added = Array.from({ length: order.count }, () => new Sight(order.instances));
        sights.push(...added);
        for (const sight of added) open(sight);
        await Promise.all(added.map(({ complete }) => complete));
        return;
      }
      case 'traffic':
        return traffic.read();
      case 'seen':
        return { watchers: sights.map((sight) => sight.read()), streams: streams() };
      default:
        throw new Error(`A watching process does not ${order.type}.`);
    }
  });
}
