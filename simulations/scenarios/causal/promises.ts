import { compareVersions, decodeToken, type State, versionOf, type Write } from 'holdfast/causal-store';
import type { SimulatedReplica } from './replica.ts';

/** What a client was told is done. */
export interface Acknowledged {
  readonly token: string;
  readonly by: SimulatedReplica;
  /** Disks that have confirmed it, at least. */
  readonly copies: number;
  /** When the replica said so, in virtual time. */
  readonly atMs: number;
}

/** A write that a replica has set aside, as its file says. */
export interface SetAside {
  readonly key: string;
  readonly stamp: number;
  readonly dot: string;
}

/** What stands in the files of all replicas. */
export interface Kept {
  readonly setAside: readonly SetAside[];
  /** Some of it can no longer be read as it was written. */
  readonly isIllegible: boolean;
}

type Version = ReturnType<typeof versionOf>;

/**
 * Every write that was acknowledged, and whether it is still there in the end. That its dot counts as covered
 * is not enough: so does what an incarnation that was given up has written. It, or a later write of its key,
 * must decide the key, or have been set aside in a file. Only one disk's promise may be lost, with that disk.
 */
export class Promises {
  /** Every write that some replica has applied, by its dot. */
  readonly #writes = new Map<string, Write>();
  readonly #acknowledged: Acknowledged[] = [];

  applied(write: Write): void {
    this.#writes.set(nameOf(write), write);
  }

  made(acknowledged: Acknowledged): void {
    this.#acknowledged.push(acknowledged);
  }

  /** What is not as it was promised, by the state in which all replicas are in the end. */
  broken(state: State | undefined, kept: Kept): string | undefined {
    const later = new Later(this.#writes.values(), kept);
    for (const { token, by, copies, atMs } of this.#acknowledged) {
      if (copies < 2 && by.mayHaveLost(atMs)) continue;
      const dots = decodeToken(token, 0);
      const [dot] = dots === 'unknown' ? [] : dots;
      const write = dot === undefined ? undefined : this.#writes.get(nameOf(dot));
      const isThere = dot !== undefined && state?.covers(dot) === true;
      if (isThere && write !== undefined && this.#isKept(write, state.table, later)) continue;
      const what = JSON.stringify(write ?? dots);
      return `a write that ${by.name} acknowledged on ${copies} disks is lost: ${what}`;
    }
    return undefined;
  }

  #isKept(write: Write, table: State['table'], later: Later): boolean {
    if (this.isInEffect(write, table) || later.isSetAside(write)) return true;
    return table.get(write.key) === undefined && (write.value === undefined || later.isDeleted(write));
  }

  /** Whether it, or a later write, decides its key. */
  isInEffect(dot: Pick<Write, 'origin' | 'sequence'>, table: State['table']): boolean {
    const write = this.#writes.get(nameOf(dot));
    const decides = write === undefined ? undefined : table.get(write.key);
    return write !== undefined && decides !== undefined && covers(versionOf(decides), write);
  }
}

/** What may have taken the place of a write without deciding its key in the end, by key. */
class Later {
  readonly #deletes = new Map<string, Version[]>();
  readonly #setAside = new Map<string, Version[]>();

  readonly #isIllegible: boolean;

  constructor(writes: Iterable<Write>, { setAside, isIllegible }: Kept) {
    this.#isIllegible = isIllegible;
    for (const write of writes) {
      if (write.value === undefined) add(this.#deletes, write.key, versionOf(write));
    }
    for (const { key, stamp, dot } of setAside) {
      const [origin = '', sequence] = dot.split(':');
      add(this.#setAside, key, { stamp, origin, sequence: Number(sequence) });
    }
  }

  isDeleted(write: Write): boolean {
    return this.#deletes.get(write.key)?.some((version) => covers(version, write)) === true;
  }

  isSetAside(write: Write): boolean {
    return (
      this.#isIllegible || this.#setAside.get(write.key)?.some((version) => covers(version, write)) === true
    );
  }
}

function add(lists: Map<string, Version[]>, key: string, version: Version): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [version]);
  else list.push(version);
}

function covers(version: Version, write: Write): boolean {
  return compareVersions(version, versionOf(write)) >= 0;
}

function nameOf({ origin, sequence }: Pick<Write, 'origin' | 'sequence'>): string {
  return `${origin}:${sequence}`;
}
