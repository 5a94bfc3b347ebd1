import { limits, type Outcome } from 'holdfast/calls';
import type { Blame } from '../rules.ts';
import { type Attempt, type Check, type CoreCall, idOf, type Step } from '../watch.ts';

/** What is known of a call's attempts. */
interface History {
  readonly sent: Attempt[];
  /** Whether everything that has ended provably never left. */
  neverLeft: boolean;
  isCommitted: boolean;
  /** Whether the attempt that ended last may have a successor at no cost. */
  isNextFree: boolean;
}

/** Rules `budget` and `repeats`: what is sent again, how often, and on whose account. */
export class RepeatsCheck implements Check {
  readonly #blame: Blame;
  readonly #histories = new Map<CoreCall, History>();
  #calls = 0;
  #paid = 0;
  #startedMs = Number.NaN;

  constructor(blame: Blame) {
    this.#blame = blame;
  }

  stepped(step: Step): void {
    const { event, effects, ended } = step;
    if (event.type === 'call') {
      this.#calls += 1;
      if (this.#calls === 1) this.#startedMs = event.nowMs;
    }
    if (event.type === 'committed') this.#of(event.attempt.call).isCommitted = event.attempt.isUnderWay;
    for (const { attempt, outcome } of ended) this.#ended(attempt, outcome, step);
    for (const effect of effects) {
      if (effect.type === 'send') this.#sent(effect.attempt, step);
      if (effect.type === 'deliver' || effect.type === 'fail') this.#histories.delete(effect.call);
    }
  }

  #of(call: CoreCall): History {
    const known = this.#histories.get(call);
    if (known !== undefined) return known;
    const fresh = { sent: [], neverLeft: true, isCommitted: false, isNextFree: false };
    this.#histories.set(call, fresh);
    return fresh;
  }

  #ended(attempt: Attempt, outcome: Outcome | undefined, step: Step): void {
    const history = this.#of(attempt.call);
    const isUnsent = outcome?.type === 'failed' && !outcome.error.mayHaveExecuted;
    history.neverLeft &&= isUnsent;
    history.isNextFree = (isUnsent || attempt.isProbe) && hasProspect(history, step);
  }

  #sent(attempt: Attempt, step: Step): void {
    const history = this.#of(attempt.call);
    const { sent } = history;
    sent.push(attempt);
    if (sent.length > 1) this.#repeated(attempt, history, step);
  }

  #repeated(attempt: Attempt, history: History, step: Step): void {
    const { sent, neverLeft, isCommitted, isNextFree } = history;
    const { terms } = attempt.call;
    const say = (what: string): void => this.#blame.broken('repeats', what);
    const earlier = sent.slice(0, -1);
    const rivals = earlier.filter((other) => step.underWay.has(other)).length;
    const isHedge = rivals > 0;
    if (rivals > (terms.hedge === true ? 1 : 0)) say(`${rivals + 1} attempts of a call are under way`);
    if (sent.length > 3) say(`attempt ${sent.length} of a call is sent`);
    if (attempt.number !== sent.length) say(`attempt ${sent.length} of a call counts as ${attempt.number}`);
    if (earlier.some(({ endpoint }) => idOf(endpoint) === idOf(attempt.endpoint))) {
      say(`a call is sent to ${idOf(attempt.endpoint)} twice`);
    }
    if (isCommitted) say('a call is sent again although its answer has begun');
    if (!neverLeft || isHedge) {
      if (!terms.idempotent) say('a call that is not idempotent, and may have been sent, is sent again');
      if (terms.isWithinRetry)
        say('a call within a retried request, that may have been sent, is sent again');
    }
    if (isNextFree && !isHedge) this.#free(attempt, step);
    else this.#pays(attempt, step);
  }

  /** Right after what never left, it goes where no trouble is known; a probe goes where one is wanted. */
  #free(attempt: Attempt, { event, before, nowMs }: Step): void {
    if (event.type !== 'outcome' || event.attempt.call !== attempt.call || attempt.isProbe) return;
    const standing = before.get(attempt.endpoint);
    if (standing === undefined || (standing.state === 'closed' && nowMs >= standing.avoidUntilMs)) return;
    this.#blame.broken('budget', `a retry at no cost goes to ${idOf(attempt.endpoint)}, known for trouble`);
  }

  #pays({ call }: Attempt, { event, nowMs, spent }: Step): void {
    this.#paid += 1;
    const isAtOnce = event.type === 'outcome' && event.attempt.call === call;
    if (isAtOnce && spent < 1 - 1e-6)
      this.#blame.broken('budget', 'a retry into known trouble costs nothing');
    const earned = 0.2 * this.#calls + (10 * (nowMs - this.#startedMs)) / 1_000;
    const allowed = limits.retryBudgetSavedMin + earned;
    if (this.#paid <= allowed + 1e-6) return;
    this.#blame.broken(
      'budget',
      `${this.#paid} retries of ${this.#calls} calls, ${allowed.toFixed(1)} allowed`,
    );
  }
}

function hasProspect({ sent }: History, { before, nowMs }: Step): boolean {
  for (const [endpoint, { isEligible, state, avoidUntilMs }] of before) {
    if (!isEligible || state !== 'closed' || nowMs < avoidUntilMs) continue;
    if (!sent.some((attempt) => idOf(attempt.endpoint) === idOf(endpoint))) return true;
  }
  return false;
}
