import { HoldfastError, unreachable } from '../../std/index.ts';
import { none } from './ints.ts';
import { limits } from './limits.ts';
import { type Columns, Recorder } from './recorder.ts';
import { CausalSession, type FinalState, type Mark, type Outcome } from './session.ts';

export type CausalOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: Mark; readonly outcome?: Outcome }
  | { readonly type: 'delete'; readonly key: string; readonly id?: Mark; readonly outcome?: Outcome }
  | { readonly type: 'get'; readonly key: string; readonly value: Mark }
  /** A get that found nothing, and which delete it saw, where the store tells. */
  | { readonly type: 'absent'; readonly key: string; readonly by?: Mark };

/**
 * What the clients of a replicated key-value store did and saw, for `checkCausal`. A session is what one
 * client did in order, at whichever replicas; sessions may be filled in any order, a read before its write
 * too. What certainly failed, and a get without an answer, is not recorded. An operation takes 16 bytes
 * besides its key and value.
 *
 * Throws HoldfastError `invalid_argument` for a value or delete id that is written twice, and
 * `resource_exhausted` beyond the bounds in limits.ts.
 */
export class CausalHistory {
  readonly #recorder = new Recorder();
  readonly #sessions = new Map<string, CausalSession>();
  readonly #finals = new Map<string, CausalSession>();

  /** The session of that name, a new one when it is not known yet. */
  session(name: string): CausalSession {
    const known = this.#sessions.get(name);
    if (known !== undefined) return known;
    if (this.#sessions.size === limits.sessionsMax) {
      throw new HoldfastError(
        'resource_exhausted',
        `A history has at most ${limits.sessionsMax} sessions.`,
      );
    }
    const session = new CausalSession(this.#recorder, this.#sessions.size);
    this.#sessions.set(name, session);
    return session;
  }

  /** What a replica holds in the end, once every acknowledged write has reached every replica. */
  final(replica: string): FinalState {
    const known = this.#finals.get(replica);
    if (known !== undefined) return known;
    const final = new CausalSession(this.#recorder, none - this.#finals.size);
    this.#finals.set(replica, final);
    return final;
  }

  add(session: string, operation: CausalOperation): void {
    const target = this.session(session);
    switch (operation.type) {
      case 'put':
        target.put(operation.key, operation.value, operation.outcome);
        break;
      case 'delete':
        target.delete(operation.key, operation.id, operation.outcome);
        break;
      case 'get':
        target.get(operation.key, operation.value);
        break;
      case 'absent':
        target.absent(operation.key, operation.by);
        break;
      default:
        unreachable(operation);
    }
  }

  get operationCount(): number {
    return this.#recorder.count;
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** For the checkers: all operations in the order they were added, and the names of sessions. */
  columns(): Columns & {
    readonly sessionNames: readonly string[];
    readonly finalNames: readonly string[];
  } {
    const [sessionNames, finalNames] = [[...this.#sessions.keys()], [...this.#finals.keys()]];
    return { ...this.#recorder.columns(), sessionNames, finalNames };
  }
}
