import type { Host } from '../host/index.ts';

const startDigits = 9;
const ordered = new RegExp(`^[0-9a-z]{${startDigits}}-[0-9a-f]{8}$`);

/**
 * A name for one life of a process: `<wall clock at its start, base 36>-<random>`. Later lives of an
 * instance sort after earlier ones, so that late news of a dead process is recognised even by a registry
 * that just started and remembers nothing.
 */
export function newIncarnation(host: Pick<Host, 'clock' | 'random'>): string {
  const start = Math.max(0, Math.floor(host.clock.wallMs())).toString(36).padStart(startDigits, '0');
  return `${start}-${host.random.u32().toString(16).padStart(8, '0')}`;
}

/**
 * Whether `candidate` may take the place of `current`: not when both tell their start and the candidate's
 * is earlier. Incarnations of another form have no order; then the last to come wins.
 */
export function mayReplace(candidate: string, current: string): boolean {
  return !ordered.test(candidate) || !ordered.test(current) || candidate >= current;
}
