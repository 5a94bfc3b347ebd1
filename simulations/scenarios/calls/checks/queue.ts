import { limits } from 'holdfast/calls';
import type { Blame } from '../rules.ts';
import { type Attempt, type Check, type CoreCall, idOf, type Step } from '../watch.ts';

/** Clocks are read in fractions of a millisecond. */
const toleranceMs = 1;

/** Rule `queue`: first come, first served, not for long, and not too many. */
export class QueueCheck implements Check {
  readonly #blame: Blame;
  readonly #lengthMax: number;
  /** When the caller was last paused, in its own time: nobody can leave in time then. */
  readonly #pausedAtMs: () => number;
  #waiting: { readonly call: CoreCall; readonly sinceMs: number }[] = [];

  constructor(blame: Blame, lengthMax: number, pausedAtMs: () => number) {
    this.#blame = blame;
    this.#lengthMax = lengthMax;
    this.#pausedAtMs = pausedAtMs;
  }

  stepped({ core, event, effects, nowMs }: Step): void {
    for (const effect of effects) {
      if (effect.type === 'send') this.#left(effect.attempt.call, effect.attempt, nowMs);
      if (effect.type === 'deliver' || effect.type === 'fail') this.#left(effect.call, undefined, nowMs);
    }
    for (const effect of effects) {
      if (effect.type !== 'wait' || effect.call.state !== 'queued') continue;
      if (this.#waiting.some(({ call }) => call === effect.call)) continue;
      this.#waiting.push({ call: effect.call, sinceMs: nowMs });
    }
    if (core.queued > this.#lengthMax || this.#waiting.length > this.#lengthMax) {
      this.#blame.broken('queue', `${this.#waiting.length} wait, no more than ${this.#lengthMax} may`);
    }
    this.#waiting = this.#waiting.filter(({ call }) => call.state === 'queued');
    if (event.type === 'woken' || event.type === 'call') this.look(nowMs);
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Whether somebody waits for too long. */
  look(nowMs: number): void {
    const [oldest] = this.#waiting;
    if (oldest === undefined || this.#pausedAtMs() >= oldest.sinceMs) return;
    const waitedMs = nowMs - oldest.sinceMs;
    if (waitedMs <= limits.queueWaitMs + toleranceMs) return;
    this.#blame.broken('queue', `a call waits for ${Math.round(waitedMs)} ms`);
  }

  #left(call: CoreCall, attempt: Attempt | undefined, nowMs: number): void {
    const index = this.#waiting.findIndex((waiting) => waiting.call === call);
    if (index < 0) return;
    const earlier = this.#waiting.slice(0, index);
    const passed =
      attempt !== undefined && earlier.some((waiting) => couldGo(waiting.call, attempt, nowMs));
    if (passed) this.#blame.broken('queue', 'a call leaves before one that came earlier');
    this.#waiting.splice(index, 1);
  }
}

/**
 * Whether a call that waits could have gone where another one went: it has not been there, and did not have
 * to pass it over for the sake of others. Probes are first attempts of calls that may be repeated.
 */
function couldGo({ tried, terms }: CoreCall, { endpoint, isProbe }: Attempt, nowMs: number): boolean {
  if (tried?.includes(idOf(endpoint)) === true || nowMs < endpoint.avoidUntilMs) return false;
  return !isProbe || (tried === undefined && terms.idempotent && terms.isWithinRetry !== true);
}
