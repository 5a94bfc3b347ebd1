import { limits } from '../limits.ts';
import type { Attempt } from './attempt.ts';
import type { Outcome } from './events.ts';
import type { Fleet } from './fleet.ts';
import type { Patience } from './patience.ts';
import { provablyUnsent } from './retry.ts';

/** Its deadline came, its caller left, or another attempt of its call, begun later, answered first. */
export type GivenUp = 'late' | 'left' | 'beaten';

/**
 * What the end of an attempt says of its instance and of the service. Nothing at all when the instance's
 * breaker has changed since the attempt began, or another incarnation took its place.
 */
export class Learning {
  readonly #fleet: Fleet;
  readonly #patience: Patience;

  constructor(fleet: Fleet, patience: Patience) {
    this.#fleet = fleet;
    this.#patience = patience;
  }

  ended(attempt: Attempt<unknown>, outcome: Outcome, nowMs: number): void {
    if (isStale(attempt)) return;
    const { endpoint } = attempt;
    // The request was at fault, or our own bounds: it says nothing of the instance.
    if (outcome.type === 'failed' && !outcome.error.retryable) {
      if (attempt.isProbe) endpoint.breaker.freeProbe(nowMs);
      return;
    }
    if (provablyUnsent(outcome)) {
      endpoint.refused(attempt.sentAtMs, nowMs);
      // Passed over anyway, and sooner tried again than one that is ejected.
      if (attempt.isProbe) this.#fleet.probed(endpoint, false, 'it cannot be reached', nowMs);
      return;
    }
    endpoint.reached(nowMs);
    if (outcome.type === 'failed') this.#bad(attempt, 'it broke off', nowMs);
    else this.#answered(attempt, outcome, nowMs);
  }

  /** The head of a good answer says what there is to learn; its body may take hours. */
  committed(attempt: Attempt<unknown>, nowMs: number): void {
    if (isStale(attempt)) return;
    const { endpoint, isProbe } = attempt;
    endpoint.reached(nowMs);
    this.#quick(attempt, nowMs);
    if (isProbe) this.#fleet.probed(endpoint, true, '', nowMs);
  }

  #quick({ endpoint, sentAtMs }: Attempt<unknown>, nowMs: number): void {
    const latencyMs = nowMs - sentAtMs;
    endpoint.latency.sample(latencyMs, nowMs);
    this.#patience.answered(latencyMs, nowMs);
  }

  /** It kept its call waiting for longer than answers of this service take. */
  timedOut(attempt: Attempt<unknown>, nowMs: number): void {
    if (isStale(attempt)) return;
    // The service may have become slower as a whole.
    if (!attempt.isAnswering) this.#patience.answered(nowMs - attempt.sentAtMs, nowMs);
    attempt.endpoint.silent(attempt.sentAtMs, nowMs);
    this.#bad(attempt, 'it did not answer in time', nowMs);
  }

  /** It was given up before it ended. True when that speaks against its instance as a timeout does. */
  givenUp(attempt: Attempt<unknown>, why: GivenUp, nowMs: number): boolean {
    const isSilent = this.#isSilent(attempt, why, nowMs);
    if (isStale(attempt)) return isSilent;
    const { call, endpoint } = attempt;
    // A hedged call must not hide an instance that hangs.
    if (why === 'beaten' && attempt.number === 1 && !attempt.isProbe) endpoint.failed(nowMs);
    if (isSilent) {
      this.timedOut(attempt, nowMs);
      return true;
    }
    if (attempt.isProbe) endpoint.breaker.freeProbe(nowMs);
    // It is at least as slow as it has been, and more than that nobody knows.
    const waitedMs = nowMs - attempt.sentAtMs;
    const isAwaited = call.terms.isStream !== true && !attempt.isAnswering;
    if (isAwaited && waitedMs > endpoint.latency.at(nowMs)) endpoint.latency.sample(waitedMs, nowMs);
    return false;
  }

  /**
   * Whether it had its time and did not use it. A caller's deadline may be short: half of the answers should
   * be there by then; who just left is no witness before nearly all are. How long a stream lasts, or a body
   * that still comes, says nothing.
   */
  #isSilent(attempt: Attempt<unknown>, why: GivenUp, nowMs: number): boolean {
    const { call, isAnswering, sending } = attempt;
    if (call.terms.isStream === true) return false;
    if (isAnswering) return why === 'late' && sending?.isStalled === true;
    const waitedMs = nowMs - attempt.sentAtMs;
    if (why === 'late') return this.#patience.isLong(waitedMs, nowMs);
    return waitedMs >= Math.max(attempt.patienceMs, limits.attemptTimeoutMinMs);
  }

  #answered(
    attempt: Attempt<unknown>,
    outcome: Extract<Outcome, { type: 'answered' }>,
    nowMs: number,
  ): void {
    const { call, endpoint } = attempt;
    switch (outcome.verdict) {
      case 'ok':
        // Its head said how quick it is. A stream without one says nothing: a watch may be silent for hours.
        if (!attempt.isAnswering && call.terms.isStream !== true) this.#quick(attempt, nowMs);
        this.#good(attempt, nowMs);
        return;
      case 'limited':
        endpoint.failed(nowMs);
        this.#good(attempt, nowMs);
        return;
      case 'overloaded':
        if (outcome.retryAfterMs !== undefined) endpoint.avoidFor(outcome.retryAfterMs, nowMs);
        this.#bad(attempt, 'it refused to work', nowMs);
        return;
      case 'failed':
        this.#bad(attempt, 'it answered with an error', nowMs);
    }
  }

  #good(attempt: Attempt<unknown>, nowMs: number): void {
    const { endpoint } = attempt;
    if (attempt.isProbe) this.#fleet.probed(endpoint, true, '', nowMs);
    endpoint.recent.record(true, attempt.sentAtMs, nowMs);
  }

  #bad(attempt: Attempt<unknown>, why: string, nowMs: number): void {
    const { call, endpoint } = attempt;
    const isEcho = call.hasFailed;
    call.hasFailed = true;
    if (attempt.isProbe) {
      this.#fleet.probed(endpoint, false, `as a probe, ${why}`, nowMs);
      return;
    }
    // It failed elsewhere before: that the request is to blame is as likely. Held against this instance, a
    // few requests that fail wherever they go would single out the one that retries go to.
    if (isEcho) return;
    const saysNothing = call.terms.isStream === true || attempt.isAnswering;
    const waitedMs = saysNothing ? 0 : nowMs - attempt.sentAtMs;
    // A quick failure says nothing of how quick its answers are.
    if (waitedMs > endpoint.latency.at(nowMs)) endpoint.latency.sample(waitedMs, nowMs);
    endpoint.failed(nowMs);
    endpoint.recent.record(false, attempt.sentAtMs, nowMs);
    this.#fleet.judge(endpoint, nowMs);
  }
}

function isStale({ epoch, endpoint }: Attempt<unknown>): boolean {
  return endpoint.isGone || epoch !== endpoint.breaker.epoch;
}
