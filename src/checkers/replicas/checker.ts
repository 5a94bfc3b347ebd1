/**
 * A look inside the replicas of a causal store while they run: it is told what each applies and forgets, and
 * shown their states now and then. It holds what the store's design promises:
 *
 * - dots are unique and gapless: a dot stands for the same record everywhere, and is applied behind the one
 *   before it;
 * - what is applied is causally closed: nothing is applied before what it depends on;
 * - equal vectors mean equal states;
 * - a delete that was forgotten never returns: whoever has applied it has nothing older for its key.
 *
 * It shares no code with the store: what it needs to know of it is handed in.
 */
export interface Dot {
  readonly origin: string;
  readonly sequence: number;
}

export interface Version extends Dot {
  readonly stamp: number;
}

export interface AppliedRecord extends Dot {
  readonly dependencies: readonly Dot[];
  /** All of the record: two records with one dot must not differ in it. */
  readonly content: string;
}

export interface Tombstone extends Dot {
  readonly key: string;
  readonly version: Version;
}

/** A replica's state, as far as it is looked at. */
export interface ReplicaState {
  readonly name: string;
  readonly applied: ReadonlyMap<string, number>;
  covers(dot: Dot): boolean;
  /** The version of a key's value; undefined when it has none. */
  version(key: string): Version | undefined;
  /** Of all keys, values and versions; only asked for when vectors are equal. */
  hash(): string;
}

export class ReplicasChecker {
  readonly #contents = new Map<string, string>();
  readonly #forgotten = new Map<string, Tombstone>();
  #problem: string | undefined;

  /** What was broken first, in one sentence; undefined when nothing was. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** A replica is about to apply a record. */
  applying(replica: string, record: AppliedRecord, state: Pick<ReplicaState, 'applied' | 'covers'>): void {
    const name = dotName(record);
    const before = state.applied.get(record.origin) ?? 0;
    if (before !== record.sequence - 1) {
      this.#broken(`${replica} applies ${name} behind ${before}`);
    }
    for (const dot of record.dependencies) {
      if (!state.covers(dot))
        this.#broken(`${replica} applies ${name} without ${dotName(dot)}, which it needs`);
    }
    const content = this.#contents.get(name);
    if (content === undefined) this.#contents.set(name, record.content);
    else if (content !== record.content) {
      this.#broken(`${name} is ${record.content} at ${replica}, and was ${content}`);
    }
  }

  /** A replica has forgotten a delete. */
  forgotten(tombstone: Tombstone): void {
    const known = this.#forgotten.get(tombstone.key);
    if (known === undefined || compare(tombstone.version, known.version) > 0) {
      this.#forgotten.set(tombstone.key, tombstone);
    }
  }

  /** Looks at the replicas as they are now. */
  look(replicas: readonly ReplicaState[]): void {
    const byVector = new Map<string, ReplicaState>();
    for (const replica of replicas) {
      this.#lookAt(replica);
      const vector = vectorName(replica.applied);
      const other = byVector.get(vector);
      if (other === undefined) byVector.set(vector, replica);
      else if (other.hash() !== replica.hash()) {
        this.#broken(`${other.name} and ${replica.name} have applied the same and hold different things`);
      }
    }
  }

  #lookAt(replica: ReplicaState): void {
    for (const tombstone of this.#forgotten.values()) {
      if (!replica.covers(tombstone)) continue;
      const version = replica.version(tombstone.key);
      if (version === undefined || compare(version, tombstone.version) >= 0) continue;
      const what = `${tombstone.key}, which ${dotName(tombstone)} deleted`;
      this.#broken(`${replica.name} has ${what}, again as of ${dotName(version)}`);
    }
  }

  #broken(problem: string): void {
    this.#problem ??= problem;
  }
}

function dotName({ origin, sequence }: Dot): string {
  return `${origin}:${sequence}`;
}

function vectorName(vector: ReadonlyMap<string, number>): string {
  return [...vector]
    .map(([origin, sequence]) => `${origin}:${sequence}`)
    .sort()
    .join(' ');
}

/** By stamp, then by dot. */
function compare(one: Version, two: Version): number {
  if (one.stamp !== two.stamp) return one.stamp - two.stamp;
  if (one.origin !== two.origin) return one.origin < two.origin ? -1 : 1;
  return one.sequence - two.sequence;
}
