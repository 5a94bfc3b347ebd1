import { type Core, unreachable } from '../../std/index.ts';
import type { LinkLimits } from '../limits.ts';

export type DiallerEvent =
  /** Keep a link to that address, or no longer. */
  | { readonly type: 'want'; readonly wanted: boolean }
  /** The link stands, whoever dialled. */
  | { readonly type: 'up' }
  /** `closed`: on purpose, by the peer. */
  | { readonly type: 'down'; readonly stoodMs: number; readonly closed: boolean; readonly random: number }
  /** The dial has failed. `lasting`: again soon is of no use. `random` is in [0, 1). */
  | { readonly type: 'failed'; readonly lasting: boolean; readonly random: number }
  /** The time of the last `wait` is over. */
  | { readonly type: 'woken' };

export type DiallerEffect =
  | { readonly type: 'dial' }
  /** The dial under way is not wanted any more. */
  | { readonly type: 'abandon' }
  /** Send `woken` then. Replaces the one before; undefined: none is needed. */
  | { readonly type: 'wait'; readonly delayMs: number | undefined };

/**
 * When to dial one address: at once, and after each failure or loss when a random time has passed ("full
 * jitter": Brooker, Exponential Backoff And Jitter, 2015), so that what lost a peer together does not come
 * back together. A peer that closes on purpose may be one that stops and starts again, so the next dial comes
 * soon after that too; only one that closes again before the link has stood does not want it, and is asked
 * ever more rarely. Invariant: at most one dial is under way, and none while the link stands.
 */
export class Dialler implements Core<DiallerEvent, DiallerEffect> {
  readonly #limits: LinkLimits;
  #wanted = false;
  #state: 'idle' | 'waiting' | 'dialling' | 'up' = 'idle';
  #failures = 0;
  /** How often the peer has closed the link since one has stood. */
  #closes = 0;

  constructor(limits: LinkLimits) {
    this.#limits = limits;
  }

  get wanted(): boolean {
    return this.#wanted;
  }

  step(event: DiallerEvent): readonly DiallerEffect[] {
    switch (event.type) {
      case 'want':
        this.#wanted = event.wanted;
        if (event.wanted) return this.#state === 'idle' ? this.#dial() : [];
        return this.#state === 'up' ? [] : this.#rest('idle');
      case 'up':
        return this.#rest('up');
      case 'down':
        return this.#state === 'up' ? this.#down(event) : [];
      case 'failed':
        if (this.#state !== 'dialling') return [];
        this.#failures += 1;
        return this.#waitFor(event.lasting ? this.#limits.refusedRetryMs : this.#backoffMs(event.random));
      case 'woken':
        return this.#state === 'waiting' ? this.#dial() : [];
      default:
        return unreachable(event);
    }
  }

  #down({ stoodMs, closed, random }: Extract<DiallerEvent, { type: 'down' }>): readonly DiallerEffect[] {
    const { refusedRetryMs, closedRetryMaxMs } = this.#limits;
    const stood = stoodMs >= this.#limits.stoodMs;
    const closesBefore = stood ? 0 : this.#closes;
    this.#failures = stood ? 0 : this.#failures + 1;
    this.#closes = closesBefore + (closed ? 1 : 0);
    const isUnwanted = closed && closesBefore > 0;
    if (!isUnwanted) return this.#waitFor(this.#backoffMs(random));
    return this.#waitFor(Math.min(closedRetryMaxMs, refusedRetryMs * 2 ** (closesBefore - 1)));
  }

  #dial(): readonly DiallerEffect[] {
    this.#state = 'dialling';
    return [{ type: 'dial' }];
  }

  #rest(state: 'idle' | 'up'): readonly DiallerEffect[] {
    const before = this.#state;
    this.#state = state;
    if (before === 'dialling') return [{ type: 'abandon' }];
    return before === 'waiting' ? [{ type: 'wait', delayMs: undefined }] : [];
  }

  #waitFor(delayMs: number): readonly DiallerEffect[] {
    this.#state = this.#wanted ? 'waiting' : 'idle';
    return this.#wanted ? [{ type: 'wait', delayMs }] : [];
  }

  #backoffMs(random: number): number {
    const { backoffMinMs, backoffMaxMs } = this.#limits;
    return random * Math.min(backoffMaxMs, backoffMinMs * 2 ** this.#failures);
  }
}
