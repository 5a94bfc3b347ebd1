/**
 * What replicas exchange and journal. Every record has a dot: the place it has in the stream of its origin,
 * which is one incarnation (one life) of one node. Within a stream the sequence runs from 1 without a gap.
 */
export interface Dot {
  /** An incarnation: 16 hexadecimal digits, drawn at random at every start. */
  readonly origin: string;
  /** From 1. */
  readonly sequence: number;
}

/**
 * What decides between two values of one key, the same everywhere: the higher stamp, then the higher dot.
 * It is the dot and stamp under which a value was first written; a value that is handed in again by a
 * replica that comes back keeps them.
 */
export interface VersionId extends Dot {
  /** Hybrid logical time (Kulkarni et al. 2014): milliseconds of the wall clock times 1024, or later. */
  readonly stamp: number;
}

interface RecordHead extends Dot {
  /** The shard group the dot belongs to. */
  readonly group: number;
  readonly stamp: number;
  /** What must be applied before it, besides the records before it in its own stream. */
  readonly dependencies: readonly Dot[];
}

/** A key gets a value, JSON as text; or none: a delete leaves a tombstone. */
export interface Write extends RecordHead {
  readonly kind: 'write';
  readonly key: string;
  readonly value: string | undefined;
  /** Under which stamp and dot it was written first, when this record hands it in again. */
  readonly first: VersionId | undefined;
}

/**
 * A record without a value that says what its origin has applied: its dependencies are those entries of
 * the origin's version vector that have changed since its last claim.
 */
export interface Claim extends RecordHead {
  readonly kind: 'claim';
  /** Nothing but claims was applied since the last: nobody needs to claim this one. */
  readonly isEcho: boolean;
}

/** The first record of an incarnation: who it is. Its dependencies are the whole version vector. */
export interface Opening extends RecordHead {
  readonly kind: 'opening';
  /** The durable identity of the disk: 16 hexadecimal digits. */
  readonly node: string;
  /** Counts the starts of the node. */
  readonly start: number;
  /** Where the others find it. */
  readonly address: string;
  /** Where they found it before, if that has changed: the node leaves that place. */
  readonly leaves: string | undefined;
  /**
   * Incarnations of this node that ended before all of their records were taken: what was worth keeping
   * are the next `handsIn` records of this stream, and whoever has those waits for nothing more of theirs.
   */
  readonly abandons: readonly string[];
  /**
   * How much of other nodes' incarnations took effect here, and the others did not have. They may get it, or
   * never: in effect it is there as well for whoever has those records.
   */
  readonly vouches: readonly Dot[];
  readonly handsIn: number;
}

/** An address becomes a member, or stops being one. */
export interface MemberChange extends RecordHead {
  readonly kind: 'member';
  readonly address: string;
  readonly present: boolean;
  /**
   * Who is let in: the node that joins, undefined when an operator named the address only. Who is removed:
   * the incarnation that spoke for the address, and is kept out from now on.
   */
  readonly who: string | undefined;
  /**
   * The address was a member already to whoever let it in: only who speaks for it changes. So a join that was
   * under way does not undo the word of an operator who removed it meanwhile.
   */
  readonly rebinds: boolean;
}

export type StoreRecord = Write | Claim | Opening | MemberChange;

/** A record with its wire form, which journal, log and network share. */
export interface Encoded {
  readonly record: StoreRecord;
  readonly bytes: Uint8Array;
}

/** Below 0 when `one` loses against `two`. */
export function compareVersions(one: VersionId, two: VersionId): number {
  if (one.stamp !== two.stamp) return one.stamp - two.stamp;
  if (one.origin !== two.origin) return one.origin < two.origin ? -1 : 1;
  return one.sequence - two.sequence;
}

export function versionOf(record: StoreRecord): VersionId {
  return record.kind === 'write' ? (record.first ?? record) : record;
}
