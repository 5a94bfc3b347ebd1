import { assert } from '../../std/index.ts';
import { limits } from '../limits.ts';

/**
 * The circuit breaker of one instance (Nygard, "Release It!"): closed lets calls through; open keeps them
 * away; when its time is up, one call goes through as the probe, which closes it or opens it for longer.
 *
 * Invariants: the epoch grows with every change of state, so that the outcome of an attempt that began in
 * another epoch can be told and ignored; at most one probe is under way; whoever started a probe settles it,
 * by `close`, `open` or `freeProbe`.
 */
export class Breaker {
  state: 'closed' | 'open' | 'half-open' = 'closed';
  epoch = 0;
  /** When a probe may go, while not closed. */
  probeAtMs = Number.NEGATIVE_INFINITY;
  /** Why it is open. */
  why = '';
  isProbing = false;
  #openings = 0;
  #closedAtMs = Number.NEGATIVE_INFINITY;

  /** Opens for base x 2^n, at most the cap, and up to a quarter longer. Returns for how long, in ms. */
  open(why: string, nowMs: number, random: number): number {
    if (this.state === 'closed') this.#forgive(nowMs);
    const plainMs = Math.min(limits.ejectionMaxMs, limits.ejectionBaseMs * 2 ** this.#openings);
    const forMs = Math.min(limits.ejectionMaxMs, plainMs * (1 + limits.ejectionJitter * random));
    if (plainMs < limits.ejectionMaxMs) this.#openings += 1;
    this.why = why;
    this.probeAtMs = nowMs + forMs;
    this.#turn('open');
    return forMs;
  }

  close(nowMs: number): void {
    this.#closedAtMs = nowMs;
    this.#turn('closed');
  }

  /** Whether a call may go as the probe. One that may not be repeated is risked only when no other came. */
  takesProbe(isRepeatable: boolean, nowMs: number): boolean {
    if (this.state === 'closed' || this.isProbing) return false;
    return nowMs >= this.probeAtMs + (isRepeatable ? 0 : limits.probePatienceMs);
  }

  startProbe(): void {
    assert(this.state !== 'closed' && !this.isProbing, 'one probe at a time, and only while open');
    this.#turn('half-open');
    this.isProbing = true;
  }

  /** The probe ended without saying anything of the instance: after a moment another call may be one. */
  freeProbe(nowMs: number): void {
    assert(this.isProbing, 'a probe is freed once');
    this.#turn('open');
    this.probeAtMs = Math.max(this.probeAtMs, nowMs + limits.probePauseMs);
  }

  #turn(state: Breaker['state']): void {
    this.state = state;
    this.isProbing = false;
    this.epoch += 1;
  }

  /** Time without trouble makes up for earlier openings. */
  #forgive(nowMs: number): void {
    const quietMs = nowMs - this.#closedAtMs;
    this.#openings = Math.max(0, this.#openings - Math.floor(quietMs / limits.ejectionForgivenMs));
  }
}
