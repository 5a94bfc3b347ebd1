import { must } from 'holdfast/std';
import { type Listed, type Moment, nowUs, obey } from './messages.ts';
import type { TrafficCount } from './traffic.ts';
import { firstVersionOf } from './versions.ts';

/** One instance and its own client, as the process of a service has them. */
export interface Announcer {
  /** Resolves when it is listed. */
  start(version: number): Promise<void>;
  change(version: number): void;
  /** See `Listed`. */
  readonly listedUs: number | undefined;
}

/** Runs announcers on order, and notes what they announced. */
export function serveAnnouncers(traffic: TrafficCount, create: (index: number) => Announcer): void {
  const announcers = new Map<number, { readonly announcer: Announcer; version: number }>();
  const made: Moment[] = [];
  const note = (index: number, version: number): void => {
    made.push({ index, version, atUs: nowUs() });
  };

  obey(async (order) => {
    switch (order.type) {
      case 'announce': {
        const { first, count } = order;
        const starts = Array.from({ length: count }, (_, offset) => {
          const index = first + offset;
          const announcer = create(index);
          const version = firstVersionOf(index);
          announcers.set(index, { announcer, version });
          note(index, version);
          return announcer.start(version);
        });
        await Promise.all(starts);
        return;
      }
      case 'change': {
        const each = must(announcers.get(order.index), 'an instance of this process');
        each.version += 1;
        note(order.index, each.version);
        each.announcer.change(each.version);
        return;
      }
      case 'traffic':
        return traffic.read();
      case 'made':
        return made;
      case 'listed':
        return [...announcers].map(
          ([index, { announcer }]): Listed => ({ index, atUs: announcer.listedUs }),
        );
      default:
        throw new Error(`An announcing process does not ${order.type}.`);
    }
  });
}
