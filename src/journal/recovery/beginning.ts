import type { Damage } from '../damage.ts';
import { segmentName, snapshotName } from '../names.ts';
import type { Place } from '../place.ts';
import type { Steps } from '../steps.ts';
import { verifySnapshot } from './snapshot.ts';
import type { Surveyed } from './survey.ts';
import { walk } from './walk.ts';

/** Where a replay begins: at a snapshot, or at the empty beginning. */
export type Beginning =
  | {
      readonly kind: 'found';
      readonly position: number;
      /** Of its snapshot; undefined for the empty beginning. */
      readonly chunks: number | undefined;
      /** Newer snapshots that cannot be used, the newest first. */
      readonly damage: readonly Damage[];
    }
  /** None that all records up to the end can be replayed on. */
  | { readonly kind: 'lost'; readonly damage: Damage }
  | { readonly kind: 'newer'; readonly name: string };

/**
 * The newest whole snapshot. One older than a damaged one, or the empty beginning, will do only if all
 * records in between are there. The empty one will not do for a snapshot at 0: that says what no record does,
 * such as a state that a peer has sent. While the records from 0 on are there it is not removed, so where
 * none is found beside them none was made.
 */
export function* chooseBeginning(
  place: Place,
  segments: readonly Surveyed[],
  snapshots: readonly number[],
): Steps<Beginning> {
  const damage: Damage[] = [];
  let beginning: Beginning = { kind: 'found', position: 0, chunks: undefined, damage };
  for (const position of [...snapshots].reverse()) {
    const verdict = yield* verifySnapshot(place, position);
    if (verdict.kind === 'newer') return { kind: 'newer', name: snapshotName(position) };
    if (verdict.kind === 'whole') {
      beginning = { kind: 'found', position, chunks: verdict.chunks, damage };
      break;
    }
    damage.push(verdict.damage);
  }
  const [newest] = damage;
  if (newest !== undefined) {
    const { position } = yield* walk(place, segments, beginning.position, () => {});
    const isUnfounded = beginning.chunks === undefined && snapshots.includes(0);
    if (isUnfounded || position < newest.position) return { kind: 'lost', damage: newest };
  } else if (beginning.chunks === undefined) {
    const missing = missingSnapshot(segments);
    if (missing !== undefined) return { kind: 'lost', damage: missing };
  }
  return beginning;
}

/** The first records are gone, and with them the snapshot that must have replaced them. */
function missingSnapshot([first]: readonly Surveyed[]): Damage | undefined {
  if (first?.kind !== 'begun' || first.first === 0) return undefined;
  const file = segmentName(first.number);
  const what = `records 0 to ${first.first - 1} are missing before it, and no snapshot covers them`;
  return { file, offset: 0, what, where: 'middle', position: 0 };
}
