import { must } from '../../std/index.ts';
import type { Quarantined } from './events.ts';
import type { Identity, Rejoining } from './notes.ts';
import {
  compareVersions,
  type Dot,
  type Opening,
  type StoreRecord,
  versionOf,
  type Write,
} from './record.ts';
import type { Staged } from './scan.ts';
import { State } from './state.ts';
import { judgeSurplus } from './table.ts';
import { coversDot, dotsOf, raise, sequenceOf } from './vector.ts';

export interface Rejoined {
  readonly state: State;
  /** The new incarnation's first records: its opening, and the writes it hands in again. */
  readonly records: readonly StoreRecord[];
  readonly quarantined: readonly Quarantined[];
}

/**
 * How a replica comes back that was not counted on any more: it was removed, its disk is new, or an old
 * copy. The others' state, the snapshot, takes the place of its own: what that covers and does not have was
 * deleted. Writes that only this replica has are handed in again by a new incarnation, under the stamps
 * and dots they had, so they win and lose as they would have. Only where the others may have forgotten a
 * delete, a missing key whose write is older than the horizon, can nobody tell: that write is set aside.
 *
 * A function of its arguments alone: replaying the journal gives the same records again.
 */
export function rejoin(
  old: State,
  staged: Staged,
  was: Identity,
  becomes: Rejoining & { group: number },
): Rejoined {
  const header = must(staged.header, 'the end of a published snapshot');
  const state = new State();
  for (const write of staged.writes) state.table.apply(write);
  header.mergeInto(state);

  const again: Write[] = [];
  const quarantined: Quarantined[] = [];
  for (const write of surplusOf(old, header.applied)) {
    const verdict = judgeSurplus(write, state.table.get(write.key), header.horizon);
    if (verdict === 'wins') again.push(write);
    else if (verdict === 'undecidable') quarantined.push(setAside(write));
  }

  const { origin } = becomes;
  const stampMax = Math.max(becomes.stamp, old.stampMax + 1, header.stampMax + 1);
  const abandons = abandonedBy(old, was, header.applied);
  const opening: Opening = {
    kind: 'opening',
    group: becomes.group,
    origin,
    sequence: 1,
    stamp: stampMax,
    dependencies: dotsOf(state.applied),
    node: becomes.node,
    start: becomes.start,
    address: becomes.address,
    leaves: becomes.leaves,
    abandons,
    vouches: vouchedBy(old, header.applied, abandons),
    handsIn: again.length,
  };
  const records: StoreRecord[] = [opening];
  for (const write of again) {
    const sequence = records.length + 1;
    const { stamp, origin: firstOrigin, sequence: firstSequence } = versionOf(write);
    const first = { stamp, origin: firstOrigin, sequence: firstSequence };
    records.push({ ...write, origin, sequence, stamp: stampMax, dependencies: [], first });
  }
  for (const record of records) state.apply(record);
  return { state, records, quarantined };
}

/** The writes that the others lack, in the order of their versions: the same at every replay. */
function surplusOf(old: State, covered: ReadonlyMap<string, number>): Write[] {
  const surplus: Write[] = [];
  for (const write of old.table.writes()) if (!coversDot(covered, write)) surplus.push(write);
  return surplus.sort((one, two) => compareVersions(versionOf(one), versionOf(two)));
}

/** Incarnations of the own disk of which the others will never get all. */
function abandonedBy(old: State, was: Identity, covered: ReadonlyMap<string, number>): string[] {
  const abandoned = new Set([was.origin]);
  // What was abandoned before by an opening that nobody else will ever have.
  for (const [origin, by] of old.nodes.abandoned) if (!coversDot(covered, by)) abandoned.add(origin);
  for (const { origin, node } of old.nodes.lives) {
    if (node === was.node && sequenceOf(old.applied, origin) > sequenceOf(covered, origin)) {
      abandoned.add(origin);
    }
  }
  return [...abandoned].sort();
}

/**
 * What of others the old state had and the others lack, themselves perhaps included by now: it is handed in
 * as far as it still decides anything. So nobody waits for ever for a dot that nobody has any more.
 */
function vouchedBy(
  old: State,
  covered: ReadonlyMap<string, number>,
  abandons: readonly string[],
): readonly Dot[] {
  const upTo = new Map<string, number>();
  const vouch = (origin: string, sequence: number): void => {
    if (sequence > sequenceOf(covered, origin) && !abandons.includes(origin)) raise(upTo, origin, sequence);
  };
  for (const [origin, sequence] of old.applied) vouch(origin, sequence);
  for (const [origin, { upTo: sequence, by }] of old.nodes.vouched) {
    if (coversDot(old.applied, by) && !coversDot(covered, by)) vouch(origin, sequence);
  }
  return dotsOf(upTo).toSorted((one, other) => (one.origin < other.origin ? -1 : 1));
}

function setAside(write: Write): Quarantined {
  const { stamp, origin, sequence } = versionOf(write);
  return { key: write.key, value: must(write.value, 'a value'), stamp, dot: `${origin}:${sequence}` };
}
