import type { Action, ProcessRow } from '../wire.ts';
import type { ProcessState } from './supervisor.ts';

/** What callers will feel of an action that was asked for, said before it is done. */
export function forewarnings(
  action: Action,
  rows: readonly ProcessRow[],
  names: readonly string[],
): readonly string[] {
  if (action !== 'restart' && action !== 'start') return [];
  const meant = [
    ...new Set(
      names.flatMap((name) => rows.filter((row) => row.instance === name || row.service === name)),
    ),
  ];
  const lonely = action === 'restart' ? meant.flatMap((row) => lonelyText(row, rows, meant)) : [];
  return [...lonely, ...unlistedText(rows, meant)];
}

/** Those who call go to another instance meanwhile, if there is one. The registry has no such callers. */
function lonelyText(row: ProcessRow, rows: readonly ProcessRow[], meant: readonly ProcessRow[]): string[] {
  const { service, instance } = row;
  if (service === 'registry') return [];
  const siblings = rows.filter((other) => other.service === service);
  const serving = siblings.filter(({ state, weight }) => state === 'ready' && weight !== 0);
  // One that is down and named before it is there by the time this one stops.
  const isFirst = meant.find((other) => other.service === service) === row;
  if (serving.length !== 1 || serving[0] !== row || !isFirst) return [];
  const who =
    siblings.length === 1 ? `${service} has one instance` : `${instance} alone takes calls of ${service}`;
  return [`${who}: callers find nobody until it is back.`];
}

function unlistedText(rows: readonly ProcessRow[], meant: readonly ProcessRow[]): string[] {
  const registry = rows.find(({ service }) => service === 'registry');
  const isListed = ({ service }: ProcessRow): boolean => service !== 'registry' && service !== 'gateway';
  if (registry === undefined || meant.includes(registry) || !meant.some(isListed)) return [];
  const absence = absenceText(registry.state);
  return absence === undefined ? [] : [`What starts now is not listed and finds nobody yet: ${absence}`];
}

/** Why the registry lists nobody, and what to do; undefined when it should. */
export function absenceText(registry: ProcessState): string | undefined {
  if (registry === 'paused') {
    return 'the registry is paused. It goes on with: npx holdfast resume registry';
  }
  if (registry === 'stopped' || registry === 'draining') {
    return 'the registry is stopped. Start it with: npx holdfast start registry';
  }
  if (registry === 'backing-off') return 'the registry does not run. See: npx holdfast logs registry';
  return undefined;
}
