import { decodeToken, type StoreAnswer } from 'holdfast/causal-store';
import type { SimulatedReplica } from './replica.ts';

/** What ailed a replica may be felt for so long: it reads its disk, and tries a full one again. */
const recoveryMs = 3_000;

/**
 * What a replica owes a client that asks it, cut off or not: an answer in time, and a favourable one, as long
 * as nothing ails its machine and it has what the client has seen.
 */
export class Duty {
  readonly #replica: SimulatedReplica;
  readonly #kind: string;
  readonly #sinceMs: number;
  readonly #isOwed: boolean;

  /** At the moment at which the request reaches the replica's machine. */
  constructor(replica: SimulatedReplica, kind: 'get' | 'put' | 'delete', token: string, nowMs: number) {
    this.#replica = replica;
    this.#kind = kind;
    this.#sinceMs = nowMs - recoveryMs;
    this.#isOwed = replica.isWellSince(this.#sinceMs) && canServe(replica, kind, token);
  }

  /** What is wrong with this answer, or with there being none; undefined when nothing is. */
  breach(answer: StoreAnswer | undefined): string | undefined {
    if (!this.#isOwed || !this.#replica.isWellSince(this.#sinceMs)) return undefined;
    if (answer !== undefined && 'token' in answer) return undefined;
    const told = answer === undefined ? 'nothing' : JSON.stringify(answer);
    return `${this.#replica.name} owes an answer, well as it is, and said ${told} to a ${this.#kind}`;
  }
}

/** One that does not run owes everything. While its state leaps a replica takes no writes. */
function canServe({ store }: SimulatedReplica, kind: string, token: string): boolean {
  if (store === undefined) return true;
  const { state, isPublishing } = store.replica.ledger;
  const dots = decodeToken(token, 0);
  return dots !== 'unknown' && state.coversAll(dots) && (kind === 'get' || !isPublishing);
}
