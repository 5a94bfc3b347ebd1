import { type Core, unreachable } from '../../std/index.ts';
import type { LinkLimits } from '../limits.ts';

export type DiallerEvent =
  /** Keep a link to that address, or no longer. */
  | { readonly type: 'want'; readonly wanted: boolean }
  /** The link stands, whoever dialled. */
  | { readonly type: 'up' }
  | { readonly type: 'down'; readonly stoodMs: number; readonly random: number }
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
 * back together. Invariant: at most one dial is under way, and none while the link stands.
 */
export class Dialler implements Core<DiallerEvent, DiallerEffect> {
  readonly #limits: LinkLimits;
  #wanted = false;
  #state: 'idle' | 'waiting' | 'dialling' | 'up' = 'idle';
  #failures = 0;

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
        if (this.#state !== 'up') return [];
        this.#failures = event.stoodMs >= this.#limits.stoodMs ? 0 : this.#failures + 1;
        return this.#waitFor(this.#backoffMs(event.random));
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
