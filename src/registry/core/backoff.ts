import { limits } from '../limits.ts';

/** How long to wait after `failures` in a row (1 or more): doubling, capped, its upper half random. */
export function backoffMs(failures: number, fraction: number): number {
  const ceilingMs = Math.min(limits.backoffMaxMs, limits.backoffMinMs * 2 ** (failures - 1));
  return ceilingMs / 2 + (ceilingMs / 2) * fraction;
}
