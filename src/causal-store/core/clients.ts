import { limits } from '../limits.ts';
import type { Answer, Effect, Request } from './events.ts';
import type { Exchange } from './exchange.ts';
import type { Ledger } from './ledger.ts';
import type { Dot, StoreRecord, Write } from './record.ts';
import { Confirmations, Waits } from './requests.ts';
import type { Applied } from './state.ts';
import { advance, gather } from './tokens.ts';
import { dotsOf, raise } from './vector.ts';

export interface ClientsOptions {
  readonly ledger: Ledger;
  readonly exchange: Exchange;
  readonly causalWaitMs: number;
  readonly emit: (effect: Effect) => void;
}

/** A request whose record is on its way to the disk. */
interface Writing {
  readonly request: Request;
  readonly dueMs: number;
}

interface ViewChanging {
  readonly id: unknown;
  readonly dueMs: number;
}

/** Who waits for what: for that on which a token depends, for the own disk, or for other disks. */
export class Clients {
  readonly #options: ClientsOptions;
  readonly #waits: Waits;
  /** Writes that only wait until the state has leapt: for the disk, that is. */
  readonly #leaping = new Waits(limits.durableWaitMs);
  /** By sequence: requests whose record is on its way to the disk. */
  readonly #writing = new Map<number, Writing>();
  /** By sequence, too: changes of the members. */
  readonly #viewChanges = new Map<number, ViewChanging>();
  readonly #confirmations = new Confirmations();

  constructor(options: ClientsOptions) {
    this.#options = options;
    this.#waits = new Waits(options.causalWaitMs);
  }

  get dueMs(): number {
    const durableMs = Math.min(firstDueMs(this.#writing), firstDueMs(this.#viewChanges));
    return Math.min(this.#waits.dueMs, this.#leaping.dueMs, this.#confirmations.dueMs, durableMs);
  }

  /** Requests that wait for what their token depends on, or for the state to leap. */
  get waiting(): number {
    return this.#waits.size + this.#leaping.size;
  }

  /** The answer to a read whose token is covered; it waits for nothing. */
  read(key: string, token: readonly Dot[]): Answer | undefined {
    const { state } = this.#options.ledger;
    if (!state.coversAll(token)) return undefined;
    const write = state.table.get(key);
    if (write === undefined) return { kind: 'absent', token: this.#freed(token) };
    const seen = this.#tokenAfter(token, write);
    if (write.value === undefined) return { kind: 'absent', token: seen };
    return { kind: 'found', value: write.value, token: seen };
  }

  request(request: Request, nowMs: number, wallMs: number): void {
    if (this.#isReady(request)) this.#carryOut(request, nowMs, wallMs);
    else if (request.token === 'unknown') this.#answer(request.id, { kind: 'uncovered' });
    else {
      const isCovered = this.#options.ledger.state.coversAll(request.token);
      const waits = isCovered ? this.#leaping : this.#waits;
      if (!waits.add(request, nowMs)) this.#answer(request.id, { kind: 'refused', why: 'busy' });
    }
  }

  /** More is covered than was. While the disk takes nothing only reads go on. */
  covered(nowMs: number, wallMs: number, takesWrites: boolean): void {
    const isReady = (request: Request): boolean =>
      (takesWrites || request.kind === 'get') && this.#isReady(request);
    for (const waits of [this.#leaping, this.#waits]) {
      for (const request of waits.ready(isReady)) this.#carryOut(request, nowMs, wallMs);
    }
  }

  answerViewChange(sequence: number, id: unknown, nowMs: number): void {
    this.#viewChanges.set(sequence, { id, dueMs: nowMs + limits.durableWaitMs });
  }

  /** An own record is durable and has taken effect. */
  applied({ origin, sequence, kind }: StoreRecord, { existed }: Applied, nowMs: number): void {
    if (kind === 'member') {
      const changing = this.#viewChanges.get(sequence);
      if (changing === undefined) return;
      this.#viewChanges.delete(sequence);
      this.#options.emit({ type: 'view-answer', id: changing.id, answer: { kind: 'changed' } });
      return;
    }
    const request = this.#writing.get(sequence)?.request;
    if (request === undefined) return;
    this.#writing.delete(sequence);
    const token = [{ origin, sequence }];
    if (request.kind === 'delete' && !existed) {
      this.#answer(request.id, { kind: 'absent', token });
      return;
    }
    const done = request.kind === 'delete' ? 'deleted' : existed ? 'replaced' : 'created';
    const answer = { kind: done, token, isReplicated: true } as const;
    const { copies = 1 } = request;
    if (copies <= 1 || this.#options.exchange.copiesOf(sequence) >= copies) {
      this.#answer(request.id, answer);
    } else if (this.#confirmations.size >= limits.copiesWaitingMax) {
      this.#answer(request.id, { ...answer, isReplicated: false });
    } else {
      const dueMs = nowMs + limits.copiesWaitMs;
      this.#confirmations.add({ id: request.id, answer, sequence, copies, dueMs });
    }
  }

  /** A peer has confirmed records, perhaps. */
  confirm(): void {
    if (this.#confirmations.size === 0) return;
    const { exchange } = this.#options;
    for (const { id, answer } of this.#confirmations.confirmed((sequence) => exchange.copiesOf(sequence))) {
      this.#answer(id, answer);
    }
  }

  expire(nowMs: number): void {
    for (const { id } of this.#waits.expired(nowMs)) this.#answer(id, { kind: 'uncovered' });
    for (const { id } of this.#leaping.expired(nowMs)) this.#answer(id, { kind: 'refused', why: 'busy' });
    for (const [sequence, { request, dueMs }] of this.#writing) {
      if (dueMs > nowMs) break;
      this.#writing.delete(sequence);
      this.#answer(request.id, { kind: 'unsettled' });
    }
    for (const [sequence, { id, dueMs }] of this.#viewChanges) {
      if (dueMs > nowMs) break;
      this.#viewChanges.delete(sequence);
      this.#options.emit({ type: 'view-answer', id, answer: { kind: 'unsettled' } });
    }
    for (const { id, answer } of this.#confirmations.expired(nowMs)) {
      this.#answer(id, { ...answer, isReplicated: false });
    }
  }

  /** The replica goes on under another incarnation: nobody will confirm the records of the last. */
  restarted(): void {
    for (const { id, answer } of this.#confirmations.all()) {
      this.#answer(id, { ...answer, isReplicated: false });
    }
  }

  readonly #isReady = (request: Request): boolean => {
    const { state, isPublishing } = this.#options.ledger;
    if (request.token === 'unknown' || (isPublishing && request.kind !== 'get')) return false;
    return state.coversAll(request.token);
  };

  #carryOut(request: Request, nowMs: number, wallMs: number): void {
    const token = request.token as readonly Dot[];
    if (request.kind === 'get') {
      this.#answer(request.id, this.read(request.key, token) as Answer);
      return;
    }
    const { ledger, exchange } = this.#options;
    if (request.kind === 'delete') {
      const answer = this.read(request.key, token);
      // Nothing to delete, as far as this client could know: no record is written.
      if (answer?.kind === 'absent') {
        this.#answer(request.id, answer);
        return;
      }
    }
    const sequence = ledger.ownSequence + 1;
    const { group, own } = ledger;
    const write: Write = {
      kind: 'write',
      group,
      origin: own.origin,
      sequence,
      stamp: ledger.nextStamp(wallMs),
      dependencies: this.#dependencies(token),
      first: undefined,
      key: request.key,
      value: request.kind === 'put' ? request.value : undefined,
    };
    this.#writing.set(sequence, { request, dueMs: nowMs + limits.durableWaitMs });
    if ((request.copies ?? 1) > 1) exchange.sendAhead(sequence);
    ledger.write(write);
  }

  /** What of a client's token a record has to name: this replica's own earlier ones go without saying. */
  #dependencies(token: readonly Dot[]): readonly Dot[] {
    const { own } = this.#options.ledger;
    const isOwn = ({ origin }: Dot): boolean => origin === own.origin;
    return this.#freed(token.some(isOwn) ? token.filter((dot) => !isOwn(dot)) : token);
  }

  #tokenAfter(token: readonly Dot[], write: Write): readonly Dot[] {
    const { state, own } = this.#options.ledger;
    const after = advance(state.claims, this.#freed(token), write, write.dependencies);
    return gather(state.claims, own.origin, after);
  }

  /** What others stand in for becomes those others. */
  #freed(token: readonly Dot[]): readonly Dot[] {
    const { nodes, applied } = this.#options.ledger.state;
    if (!token.some((dot) => nodes.standInFor(applied, dot) !== dot)) return token;
    const freed = new Map<string, number>();
    for (const dot of token) {
      const { origin, sequence } = nodes.standInFor(applied, dot);
      raise(freed, origin, sequence);
    }
    return dotsOf(freed);
  }

  #answer(id: unknown, answer: Answer): void {
    this.#options.emit({ type: 'answer', id, answer });
  }
}

/** Of those that wait in the order in which they came. */
function firstDueMs(waiting: ReadonlyMap<number, { readonly dueMs: number }>): number {
  for (const { dueMs } of waiting.values()) return dueMs;
  return Number.POSITIVE_INFINITY;
}
