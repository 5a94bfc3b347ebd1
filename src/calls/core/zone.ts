import { limits } from '../limits.ts';
import type { Endpoint } from './endpoint.ts';

/**
 * Those near by, as long as they can carry it: at least half of their weight is usable, and they are no less
 * than half a fair share of all zones. Otherwise everybody. What they have no room for goes farther anyway.
 */
export function preferredZone(
  usable: readonly Endpoint[],
  all: readonly Endpoint[],
  zone: string | undefined,
): readonly Endpoint[] {
  if (zone === undefined) return usable;
  const near = usable.filter(({ instance }) => instance.zone === zone);
  const zones = new Set(all.map(({ instance }) => instance.zone)).size;
  const nearInAll = weightOf(all.filter(({ instance }) => instance.zone === zone));
  const fairShare = weightOf(all) / zones;
  const isEnough =
    nearInAll >= limits.zoneShareMin * fairShare && weightOf(near) >= limits.zoneUsableMin * nearInAll;
  return isEnough ? near : usable;
}

const weightOf = (endpoints: readonly Endpoint[]): number =>
  endpoints.reduce((sum, { instance }) => sum + instance.weight, 0);
