import { limits } from '../limits.ts';
import type { Answer, Request } from './events.ts';

interface Waiting {
  readonly request: Request;
  readonly dueMs: number;
}

/** Requests whose token is not covered yet: answered once it is, or given up when their time is over. */
export class Waits {
  #waiting: Waiting[] = [];
  readonly #waitMs: number;
  #characters = 0;

  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  get size(): number {
    return this.#waiting.length;
  }

  /** False: too many wait already. */
  add(request: Request, nowMs: number): boolean {
    const size = sizeOf(request);
    const { waitingMax, waitingCharactersMax } = limits;
    if (this.#waiting.length >= waitingMax || this.#characters + size > waitingCharactersMax) return false;
    this.#characters += size;
    this.#waiting.push({ request, dueMs: nowMs + this.#waitMs });
    return true;
  }

  /** Takes out those that may go on. */
  ready(isReady: (request: Request) => boolean): Request[] {
    const ready: Request[] = [];
    if (this.#waiting.length === 0) return ready;
    this.#waiting = this.#waiting.filter(({ request }) => {
      if (!isReady(request)) return true;
      ready.push(request);
      return false;
    });
    this.#taken(ready);
    return ready;
  }

  /** Takes out those whose time is over. All wait equally long, so they stand in the order they are due. */
  expired(nowMs: number): Request[] {
    let count = 0;
    while (count < this.#waiting.length && (this.#waiting[count] as Waiting).dueMs <= nowMs) count++;
    const expired = this.#waiting.splice(0, count).map(({ request }) => request);
    this.#taken(expired);
    return expired;
  }

  #taken(requests: readonly Request[]): void {
    for (const request of requests) this.#characters -= sizeOf(request);
  }

  get dueMs(): number {
    return this.#waiting[0]?.dueMs ?? Number.POSITIVE_INFINITY;
  }
}

function sizeOf(request: Request): number {
  return request.key.length + (request.kind === 'put' ? request.value.length : 0);
}

type Written = Extract<Answer, { readonly isReplicated: boolean }>;

interface Confirming {
  readonly id: unknown;
  readonly answer: Written;
  readonly sequence: number;
  readonly copies: number;
  readonly dueMs: number;
}

/** Writes that are durable here and wait for other disks. */
export class Confirmations {
  /** By the number of disks they wait for, in the order of their sequence, and so of their time. */
  readonly #waiting = new Map<number, Confirming[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(confirming: Confirming): void {
    const { copies } = confirming;
    const waiting = this.#waiting.get(copies);
    if (waiting === undefined) this.#waiting.set(copies, [confirming]);
    else waiting.push(confirming);
    this.#size++;
  }

  /**
   * Takes out those that enough disks have; `copiesOf` counts them, this one included. Who has one has all
   * before it.
   */
  confirmed(copiesOf: (sequence: number) => number): Confirming[] {
    return this.#take(({ sequence, copies }) => copiesOf(sequence) >= copies);
  }

  expired(nowMs: number): Confirming[] {
    return this.#take(({ dueMs }) => dueMs <= nowMs);
  }

  /** Takes out all: no confirmation of these can come any more. */
  all(): Confirming[] {
    return this.#take(() => true);
  }

  get dueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    if (this.#size === 0) return dueMs;
    for (const waiting of this.#waiting.values()) dueMs = Math.min(dueMs, waiting[0]?.dueMs ?? dueMs);
    return dueMs;
  }

  /** Of each queue the first ones that it takes. */
  #take(takes: (each: Confirming) => boolean): Confirming[] {
    const taken: Confirming[] = [];
    for (const waiting of this.#waiting.values()) {
      let count = 0;
      while (count < waiting.length && takes(waiting[count] as Confirming)) count++;
      if (count > 0) taken.push(...waiting.splice(0, count));
    }
    this.#size -= taken.length;
    return taken;
  }
}
