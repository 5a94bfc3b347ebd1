import { HoldfastError } from '../std/index.ts';
import { limits } from './limits.ts';

/**
 * What a drill may do to a process from inside. Each seam (calls, link, host/node) asks here before it
 * acts; with nothing injected that is one boolean. A production topology refuses every fault.
 */
export type Fault =
  /**
   * Calls to a service, or to one instance of it: held back, or dropped as if the connection had been cut.
   */
  | {
      readonly kind: 'call';
      readonly service: string;
      readonly instance?: string;
      readonly delayMs?: number;
      readonly drop?: boolean;
    }
  /** Bytes from and to a peer: held back, or not moved at all. */
  | { readonly kind: 'network'; readonly peer: string; readonly delayMs?: number; readonly drop?: boolean }
  /** The wall clock shows this much more (or less). Monotonic time is left alone. */
  | { readonly kind: 'clock'; readonly offsetMs: number }
  /** Writes fail as on a full disk, or every operation takes longer. */
  | { readonly kind: 'disk'; readonly full?: boolean; readonly delayMs?: number }
  /** The process answers nothing until healed; its connections stay open. */
  | { readonly kind: 'pause' };

export interface Disturbance {
  readonly delayMs: number;
  readonly drop: boolean;
}

export class Faults {
  readonly #allowed: boolean;
  readonly #injected = new Map<number, Fault>();
  readonly #listeners = new Set<() => void>();
  #lastId = 0;

  /** `allowed` is false in production: then nothing can be injected. */
  constructor(options: { readonly allowed: boolean }) {
    this.#allowed = options.allowed;
  }

  get any(): boolean {
    return this.#injected.size > 0;
  }

  /**
   * Returns the id that heals it. Throws `failed_precondition` in production, `resource_exhausted` over the
   * bound.
   */
  inject(fault: Fault): number {
    if (!this.#allowed) {
      throw new HoldfastError('failed_precondition', 'Faults cannot be injected in a production topology.');
    }
    if (this.#injected.size >= limits.faultsMax) {
      throw new HoldfastError(
        'resource_exhausted',
        `At most ${limits.faultsMax} faults at a time: heal one first.`,
      );
    }
    const id = ++this.#lastId;
    this.#injected.set(id, fault);
    this.#changed();
    return id;
  }

  /** False when there is no such fault. */
  heal(id: number): boolean {
    const healed = this.#injected.delete(id);
    if (healed) this.#changed();
    return healed;
  }

  healAll(): void {
    this.#injected.clear();
    this.#changed();
  }

  list(): readonly { readonly id: number; readonly fault: Fault }[] {
    return [...this.#injected].map(([id, fault]) => ({ id, fault }));
  }

  /** Calls `listener` after every change; the result ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  call(service: string, instance: string): Disturbance | undefined {
    return this.#disturb(
      (fault) =>
        fault.kind === 'call' &&
        fault.service === service &&
        (fault.instance === undefined || fault.instance === instance),
    );
  }

  network(peer: string): Disturbance | undefined {
    return this.#disturb((fault) => fault.kind === 'network' && fault.peer === peer);
  }

  disk(): { readonly full: boolean; readonly delayMs: number } | undefined {
    if (!this.any) return undefined;
    let found: { full: boolean; delayMs: number } | undefined;
    for (const fault of this.#injected.values()) {
      if (fault.kind !== 'disk') continue;
      found = {
        full: fault.full === true || found?.full === true,
        delayMs: (found?.delayMs ?? 0) + (fault.delayMs ?? 0),
      };
    }
    return found;
  }

  clockOffsetMs(): number {
    if (!this.any) return 0;
    let sum = 0;
    for (const fault of this.#injected.values()) if (fault.kind === 'clock') sum += fault.offsetMs;
    return sum;
  }

  paused(): boolean {
    if (!this.any) return false;
    for (const fault of this.#injected.values()) if (fault.kind === 'pause') return true;
    return false;
  }

  #disturb(matches: (fault: Fault) => boolean): Disturbance | undefined {
    if (!this.any) return undefined;
    let found: { delayMs: number; drop: boolean } | undefined;
    for (const fault of this.#injected.values()) {
      if (!matches(fault) || (fault.kind !== 'call' && fault.kind !== 'network')) continue;
      found = {
        delayMs: (found?.delayMs ?? 0) + (fault.delayMs ?? 0),
        drop: fault.drop === true || found?.drop === true,
      };
    }
    return found;
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}
