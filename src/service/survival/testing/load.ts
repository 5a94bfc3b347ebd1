import type { Calls } from '../../../calls/index.ts';
import type { HoldfastError } from '../../../std/index.ts';
import { epochMs } from './ledger.ts';
import { limits } from './limits.ts';

/** One call, as its caller saw it. */
export interface Sample {
  readonly id: string;
  readonly method: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Of the answer; undefined when there was none. */
  readonly status: number | undefined;
  readonly error: HoldfastError | undefined;
}

export interface LoadOptions {
  readonly calls: Calls;
  readonly service: string;
  readonly perS: number;
  /** GET by default. */
  readonly methodOf?: ((number: number) => string) | undefined;
}

let loads = 0;

/** Calls at a fixed rate, whatever becomes of those before (an open loop), until it is stopped. */
export class Load {
  readonly samples: Sample[] = [];
  readonly startedAtMs = epochMs();
  sent = 0;
  /** How late this process came to do what was due: its own stalls, which its calls feel as well. */
  lateMsMax = 0;
  readonly #options: LoadOptions;
  readonly #pending = new Set<Promise<void>>();
  readonly #number = ++loads;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #stoppedAtMs: number | undefined;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#tick();
  }

  /** Resolves when every call has ended. */
  async stop(): Promise<readonly Sample[]> {
    clearTimeout(this.#timer);
    this.#stoppedAtMs = epochMs();
    await Promise.all(this.#pending);
    return this.samples;
  }

  /** For how long it has been sending. */
  get lastedMs(): number {
    return (this.#stoppedAtMs ?? epochMs()) - this.startedAtMs;
  }

  #tick(): void {
    this.lateMsMax = Math.max(this.lateMsMax, epochMs() - this.#dueAtMs);
    const due = Math.floor((this.lastedMs * this.#options.perS) / 1_000);
    while (this.sent < due) {
      const one = this.#call(this.sent++);
      this.#pending.add(one);
      one.finally(() => this.#pending.delete(one));
    }
    this.#dueAtMs = epochMs() + limits.loadTickMs;
    this.#timer = setTimeout(() => this.#tick(), limits.loadTickMs);
  }

  async #call(number: number): Promise<void> {
    const { calls, service, methodOf } = this.#options;
    const method = methodOf?.(number) ?? 'GET';
    const id = `${this.#number}-${number}`;
    const startedAtMs = epochMs();
    let status: number | undefined;
    let error: HoldfastError | undefined;
    try {
      status = (await calls.request(service, { method, path: `/task/${id}` })).status;
    } catch (failure) {
      error = failure as HoldfastError;
    }
    this.samples.push({ id, method, startedAtMs, endedAtMs: epochMs(), status, error });
  }
}
