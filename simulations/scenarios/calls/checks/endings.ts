import type { Blame } from '../rules.ts';
import type { Attempt, Check, CoreCall, Step } from '../watch.ts';

/** Clocks are read in fractions of a millisecond. */
const toleranceMs = 1;

/** Rule `ending`, as the core has it; the exchange looks at deadlines. */
export class EndingsCheck implements Check {
  readonly #blame: Blame;
  readonly #pausedAtMs: () => number;
  readonly #open = new Set<CoreCall>();

  /** `pausedAtMs`: when the caller was last paused, in its own time. */
  constructor(blame: Blame, pausedAtMs: () => number) {
    this.#blame = blame;
    this.#pausedAtMs = pausedAtMs;
  }

  stepped({ event, effects, ended, nowMs }: Step): void {
    if (event.type === 'call') this.#open.add(event.call);
    for (const effect of effects) {
      if (effect.type !== 'deliver' && effect.type !== 'fail') continue;
      if (!this.#open.delete(effect.call)) this.#blame.broken('ending', 'a call ends twice');
    }
    for (const { attempt, outcome } of ended) {
      this.#inTime(attempt, nowMs);
      if (outcome?.type !== 'answered' || outcome.verdict !== 'ok') continue;
      const isDelivered = effects.some(
        (effect) => effect.type === 'deliver' && effect.call.answered === attempt,
      );
      if (!isDelivered) this.#blame.broken('ending', 'a good answer does not reach its caller');
    }
  }

  /** An attempt may last for as long as its caller said. */
  #inTime({ call, sentAtMs }: Attempt, nowMs: number): void {
    const { attemptTimeoutMs } = call.terms;
    if (attemptTimeoutMs === undefined || call.isCommitted || this.#pausedAtMs() >= sentAtMs) return;
    const lastedMs = nowMs - sentAtMs;
    if (lastedMs <= attemptTimeoutMs + toleranceMs) return;
    const text = `an attempt lasts ${Math.round(lastedMs)} ms, ${attemptTimeoutMs} are allowed`;
    this.#blame.broken('ending', text);
  }
}
