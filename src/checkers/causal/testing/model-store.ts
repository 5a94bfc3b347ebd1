import { must, Prng } from '../../../std/index.ts';
import type { CausalOperation } from '../history.ts';
import type { Recorded } from './recorded.ts';

export interface ModelStoreOptions {
  readonly seed: number;
  readonly sessions: number;
  readonly replicas: number;
  readonly keys: number;
  /** Shares of the operations; the others are gets. */
  readonly putShare: number;
  readonly deleteShare: number;
  /** Of the writes, those whose answer is lost. */
  readonly unknownShare: number;
  /** How many operations there are to one delivery of some writes from one replica to another. */
  readonly operationsPerDelivery: number;
  /** Whether a get that finds nothing tells which delete it saw. */
  readonly tellsDeletes: boolean;
}

interface Version {
  readonly key: number;
  /** Undefined for a delete. */
  readonly value: number | undefined;
  readonly id: number;
  readonly origin: number;
  readonly sequence: number;
  readonly stamp: number;
  /** How many writes of each replica have to be applied before. */
  readonly dependencies: readonly number[];
}

interface Replica {
  readonly applied: number[];
  readonly versions: Map<number, Version>;
  /** Its own writes, in order. */
  readonly log: Version[];
  stampMax: number;
}

interface Client {
  readonly name: string;
  token: number[];
  replica: number;
}

/**
 * A causally consistent store in miniature, whose clients' histories are right by construction: to measure
 * checkers with, and to test them with what is then changed. Replicas apply each other's writes late, each
 * after all it depends on, and keep the write with the highest stamp. A client carries what it has seen from
 * replica to replica in a token. A write without an answer takes effect at once, later or never, and is not
 * in its client's token. The same seed gives the same history.
 */
export class ModelStore {
  readonly #options: ModelStoreOptions;
  readonly #prng: Prng;
  readonly #replicas: readonly Replica[];
  readonly #clients: readonly Client[];
  /** What writes without an answer are still going to do. */
  readonly #late: (() => void)[] = [];
  #marks = 0;

  constructor(options: ModelStoreOptions) {
    this.#options = options;
    this.#prng = new Prng(options.seed);
    const zeros = (): number[] => new Array<number>(options.replicas).fill(0);
    const replica = (): Replica => ({ applied: zeros(), versions: new Map(), log: [], stampMax: 0 });
    this.#replicas = Array.from({ length: options.replicas }, replica);
    this.#clients = Array.from({ length: options.sessions }, (_, index) => ({
      name: `s${index}`,
      token: zeros(),
      replica: index % options.replicas,
    }));
  }

  /** Lets some client do something. */
  next(): Recorded {
    if (this.#prng.chance(1 / this.#options.operationsPerDelivery)) this.#deliverSome();
    const client = this.#pick(this.#clients);
    this.#move(client);
    const key = Math.floor(this.#options.keys * this.#prng.fraction() ** 2);
    const kind = this.#prng.fraction();
    const { putShare, deleteShare } = this.#options;
    const isWrite = kind < putShare + deleteShare;
    const operation = isWrite ? this.#write(client, key, kind < putShare) : this.#get(client, key);
    return { session: client.name, operation };
  }

  /** Delivers everything, and tells what the replicas hold then. */
  end(): readonly Recorded[] {
    while (
      this.#replicas.some((to) => this.#replicas.some((from, origin) => this.#deliver(to, from, origin)))
    );
    return this.#replicas.flatMap(({ versions }, index) =>
      [...versions.values()].map((version) => ({
        session: `r${index}`,
        operation: this.#found(version),
        isFinal: true,
      })),
    );
  }

  #get(client: Client, key: number): CausalOperation {
    const version = this.#replicaOf(client).versions.get(key);
    if (version === undefined) return { type: 'absent', key: nameOf(key) };
    see(client, version);
    return this.#found(version);
  }

  #found({ key, value, id }: Version): CausalOperation {
    if (value !== undefined) return { type: 'get', key: nameOf(key), value };
    return this.#options.tellsDeletes
      ? { type: 'absent', key: nameOf(key), by: id }
      : { type: 'absent', key: nameOf(key) };
  }

  #write(client: Client, key: number, isPut: boolean): CausalOperation {
    const id = this.#marks++;
    const isUnknown = this.#prng.chance(this.#options.unknownShare);
    const what = { key, value: isPut ? id : undefined, id, dependencies: client.token.slice() };
    const [replica, origin] = [this.#replicaOf(client), client.replica];
    const act = (): Version => write(replica, origin, what);
    if (!isUnknown) see(client, act());
    else if (this.#prng.chance(1 / 3)) act();
    else if (this.#prng.chance(1 / 2)) this.#late.push(act);
    const outcome = isUnknown ? 'unknown' : 'acknowledged';
    return isPut
      ? { type: 'put', key: nameOf(key), value: id, outcome }
      : { type: 'delete', key: nameOf(key), id, outcome };
  }

  /** To a replica that has what the client has seen, now and then. */
  #move(client: Client): void {
    if (!this.#prng.chance(0.1)) return;
    const to = this.#prng.below(this.#replicas.length);
    if (covers(must(this.#replicas[to], 'a replica'), client.token)) client.replica = to;
  }

  #deliverSome(): void {
    if (this.#late.length > 0 && this.#prng.chance(0.3)) this.#late.shift()?.();
    const origin = this.#prng.below(this.#replicas.length);
    const from = must(this.#replicas[origin], 'a replica');
    const to = this.#pick(this.#replicas);
    for (let left = 1 + this.#prng.below(30); left > 0 && this.#deliver(to, from, origin); left--);
  }

  /** The next write of one replica to another: false when there is none, or it lacks what it depends on. */
  #deliver(to: Replica, from: Replica, origin: number): boolean {
    const version = from.log[to.applied[origin] as number];
    if (to === from || version === undefined || !covers(to, version.dependencies)) return false;
    apply(to, version);
    return true;
  }

  #replicaOf(client: Client): Replica {
    return must(this.#replicas[client.replica], 'a replica');
  }

  #pick<T>(items: readonly T[]): T {
    return must(items[this.#prng.below(items.length)], 'an item');
  }
}

function write(
  replica: Replica,
  origin: number,
  what: Pick<Version, 'key' | 'value' | 'id' | 'dependencies'>,
): Version {
  const version = { ...what, origin, sequence: replica.log.length, stamp: replica.stampMax + 1 };
  replica.log.push(version);
  apply(replica, version);
  return version;
}

function apply(replica: Replica, version: Version): void {
  const { key, stamp, origin, sequence } = version;
  replica.applied[origin] = sequence + 1;
  replica.stampMax = Math.max(replica.stampMax, stamp);
  const held = replica.versions.get(key);
  const isNewer =
    held === undefined || stamp > held.stamp || (stamp === held.stamp && origin > held.origin);
  if (isNewer) replica.versions.set(key, version);
}

function see(client: Client, { origin, sequence, dependencies }: Version): void {
  client.token = client.token.map((count, index) => Math.max(count, dependencies[index] as number));
  client.token[origin] = Math.max(client.token[origin] as number, sequence + 1);
}

function covers(replica: Replica, counts: readonly number[]): boolean {
  return counts.every((count, index) => (replica.applied[index] as number) >= count);
}

function nameOf(key: number): string {
  return `k${key}`;
}
