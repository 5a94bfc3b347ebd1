import { assert, type Core, type HoldfastError, must, Prng, unreachable } from '../../std/index.ts';
import type { DiscoveryView } from '../discovery.ts';
import { limits } from '../limits.ts';
import type { UpstreamPolicy } from '../policy.ts';
import { Attempt } from './attempt.ts';
import { RetryBudget } from './budget.ts';
import type { Call } from './call.ts';
import { CallList } from './call-list.ts';
import type { Endpoint } from './endpoint.ts';
import type { Outcome, UpstreamEffect, UpstreamEvent, UpstreamReport } from './events.ts';
import {
  attemptTimedOut,
  cancelled,
  nobody,
  pastDeadline,
  perhapsExecuted,
  tooBusy,
  tooManyLookups,
} from './failures.ts';
import { Fleet } from './fleet.ts';
import { type GivenUp, Learning } from './learning.ts';
import { Patience } from './patience.ts';
import { RecentChoices } from './recent-choices.ts';
import { Repeats } from './repeats.ts';
import { provablyUnsent } from './retry.ts';
import { WaitingCalls } from './waiting-calls.ts';

type Effects<Token> = readonly UpstreamEffect<Token>[];

/**
 * Everything this process decides about one service it calls: which instance an attempt goes to, how long it
 * is waited for, whether it is repeated, when a call ends. One core an upstream.
 *
 * Invariants: a call that entered ends exactly once, by its deadline at the latest; an attempt that may have
 * taken effect is repeated only for an idempotent call, and only within the budget; the outcome of an attempt
 * that was given up changes nothing; an attempt that ends gives its place back.
 */
export class UpstreamCore<Token> implements Core<UpstreamEvent<Token>, UpstreamEffect<Token>> {
  /** These four are open to observers and tests, who change nothing. */
  readonly fleet: Fleet;
  readonly patience = new Patience();
  readonly budget = new RetryBudget();
  readonly choices = new RecentChoices();
  readonly #service: string;
  readonly #prng: Prng;
  readonly #learning: Learning;
  readonly #repeats: Repeats;
  readonly #lookups = new WaitingCalls<Token>('looking-up', limits.callsWaitingMax);
  readonly #queue: WaitingCalls<Token>;
  readonly #calls = new CallList<Token>();
  #view: DiscoveryView = { status: 'asking' };
  #reports: UpstreamReport[] = [];

  constructor(options: {
    readonly service: string;
    readonly seed: number;
    readonly policy?: UpstreamPolicy | undefined;
    /** The caller's own. */
    readonly zone?: string | undefined;
  }) {
    const { service, policy = {} } = options;
    this.#service = service;
    this.#prng = new Prng(options.seed);
    this.#queue = new WaitingCalls<Token>('queued', policy.queueLengthMax ?? limits.queueLengthMax);
    this.fleet = new Fleet({
      prng: this.#prng,
      balance: policy.balance ?? 'p2c',
      inFlightMax: policy.inFlightMax ?? limits.inFlightMax,
      zone: options.zone,
      ejects: policy.eject ?? true,
      report: (report) => this.#reports.push(report),
    });
    this.#learning = new Learning(this.fleet, this.patience);
    this.#repeats = new Repeats(this.fleet, this.budget, policy.attemptsMax);
  }

  /** For observers and tests. */
  get view(): DiscoveryView {
    return this.#view;
  }

  get queued(): number {
    return this.#queue.length;
  }

  step(event: UpstreamEvent<Token>): Effects<Token> {
    const effects = this.#take(event);
    if (this.#reports.length === 0) return effects;
    const reports = this.#reports;
    this.#reports = [];
    return [...reports.map((report) => ({ type: 'report' as const, report })), ...effects];
  }

  #take(event: UpstreamEvent<Token>): Effects<Token> {
    switch (event.type) {
      case 'call':
        return this.#called(event.call, event.nowMs);
      case 'outcome':
        return this.#thenAdmit(this.#ended(event.attempt, event.outcome, event.nowMs), event.nowMs);
      case 'committed':
        return this.#thenAdmit(this.#committed(event.attempt, event.nowMs), event.nowMs);
      case 'woken':
        return this.#thenAdmit(this.#woken(event.call, event.nowMs), event.nowMs);
      case 'cancel':
        return this.#thenAdmit(
          this.#givenUp(event.call, cancelled(event.call, event.why), 'left', event.nowMs),
          event.nowMs,
        );
      case 'closed':
        return this.#closed(event.nowMs);
      case 'view':
        return this.#thenAdmit(this.#viewed(event.view, event.nowMs), event.nowMs);
      default:
        return unreachable(event);
    }
  }

  #viewed(view: DiscoveryView, nowMs: number): Effects<Token> {
    this.#view = view;
    if (view.status === 'asking') return [];
    if (view.status === 'known') this.fleet.know(view.instances, nowMs);
    return this.#lookups.takeAll().flatMap((call) => this.#attempt(call, nowMs));
  }

  #called(call: Call<Token>, nowMs: number): Effects<Token> {
    this.budget.earn(nowMs);
    this.#calls.add(call);
    if (this.#queue.isEmpty) return this.#attempt(call, nowMs);
    // Time alone may have made room: an instance need not be passed over any more.
    return [...this.#admit(nowMs), ...this.#attempt(call, nowMs)];
  }

  #attempt(call: Call<Token>, nowMs: number): Effects<Token> {
    assert(call.state !== 'ended' && call.state !== 'sending', 'an attempt starts while none is under way');
    if (nowMs >= call.deadlineMs) return this.#late(call);
    if (this.#view.status === 'asking') {
      return this.#lookups.add(call) ? this.#wait(call) : this.#fail(call, tooManyLookups(this.#service));
    }
    return this.#place(call, this.fleet.choose(call, nowMs), nowMs);
  }

  #place(call: Call<Token>, chosen: Endpoint | 'busy' | undefined, nowMs: number): Effects<Token> {
    if (chosen === undefined) return this.#giveBack(call, nobody(this.#service, this.#view));
    if (chosen !== 'busy') return [this.#send(call, chosen, nowMs)];
    if (!this.#queue.add(call)) return this.#giveBack(call, tooBusy(this.#service, this.fleet.eligible));
    call.resumeAtMs = nowMs + limits.queueWaitMs;
    return this.#wait(call);
  }

  #send(call: Call<Token>, endpoint: Endpoint, nowMs: number): UpstreamEffect<Token> {
    const attempt = new Attempt(call, endpoint, nowMs);
    const remainingMs = call.deadlineMs - nowMs;
    attempt.by = this.fleet.chosenBy;
    attempt.passedOver = this.fleet.passedOver(call, endpoint, nowMs);
    this.choices.add(attempt, nowMs);
    attempt.patienceMs = this.patience.attemptMs(remainingMs, nowMs);
    call.attemptBegan(attempt);
    const { attemptTimeoutMs, hedge, isStream } = call.terms;
    if (attemptTimeoutMs !== undefined) attempt.dueMs = nowMs + attemptTimeoutMs;
    else if (this.#repeats.mayMove(call)) attempt.dueMs = nowMs + attempt.patienceMs;
    // The first attempt only: one that is sent later has waited enough already.
    const isHedged = hedge === true && call.attempts === 1 && this.#repeats.mayMove(call);
    call.hedgeAtMs = isHedged
      ? nowMs + this.patience.hedgeAfterMs(remainingMs, nowMs)
      : Number.POSITIVE_INFINITY;
    endpoint.sent(isStream === true, nowMs);
    call.plan();
    return { type: 'send', attempt };
  }

  #ended(attempt: Attempt<Token>, outcome: Outcome, nowMs: number): Effects<Token> {
    if (!attempt.isUnderWay) return [];
    this.#release(attempt);
    this.#learning.ended(attempt, outcome, nowMs);
    return this.#concluded(attempt, outcome, nowMs);
  }

  #concluded(attempt: Attempt<Token>, outcome: Outcome, nowMs: number): Effects<Token> {
    const { call } = attempt;
    const isAnswer = outcome.type === 'answered';
    if (isAnswer) call.answered = attempt;
    if (outcome.type === 'failed') call.lastError = outcome.error;
    if (!provablyUnsent(outcome)) {
      call.mayHaveExecuted = true;
      // What an earlier attempt was told is out of date; what was never sent changes nothing.
      if (!isAnswer) call.answered = undefined;
    }
    if (isAnswer && outcome.verdict === 'ok') {
      // Nearly every call ends here, alone.
      if (call.first === undefined) return this.#deliver(call);
      return [...this.#abandonAll(call, 'beaten', nowMs), ...this.#deliver(call)];
    }
    if (call.first !== undefined) {
      call.noteTried(attempt.endpoint);
      return this.#wait(call);
    }
    if (!call.isCommitted && this.#repeats.mayTryAgain(attempt, outcome, nowMs)) {
      return this.#retry(call, outcome, nowMs);
    }
    return isAnswer ? this.#deliver(call) : this.#giveBack(call, outcome.error);
  }

  #retry(call: Call<Token>, outcome: Outcome, nowMs: number): Effects<Token> {
    call.state = 'backing-off';
    if (provablyUnsent(outcome)) return this.#attempt(call, nowMs);
    const ceilingMs = Math.min(limits.backoffMaxMs, limits.backoffBaseMs * 2 ** call.attempts);
    call.resumeAtMs = nowMs + this.#prng.fraction() * ceilingMs;
    if (call.resumeAtMs < call.deadlineMs) return this.#wait(call);
    // Nobody gains by waiting for a deadline.
    return this.#giveBack(call, pastDeadline(this.#service, call));
  }

  #committed(attempt: Attempt<Token>, nowMs: number): Effects<Token> {
    const { call, isUnderWay } = attempt;
    if (!isUnderWay) return [];
    this.#learning.committed(attempt, nowMs);
    call.isCommitted = true;
    attempt.isAnswering = true;
    if (call.terms.isStream !== true) attempt.endpoint.answers();
    call.hedgeAtMs = Number.POSITIVE_INFINITY;
    attempt.dueMs = Number.POSITIVE_INFINITY;
    return [...this.#abandonAll(call, 'beaten', nowMs, attempt), ...this.#wait(call)];
  }

  #woken(call: Call<Token>, nowMs: number): Effects<Token> {
    if (call.state === 'ended') return [];
    if (nowMs >= call.deadlineMs) {
      const isUnderWay = call.first !== undefined;
      return isUnderWay
        ? this.#givenUp(call, pastDeadline(this.#service, call), 'late', nowMs)
        : this.#late(call);
    }
    if (call.state === 'sending') return this.#overdue(call, nowMs);
    if (nowMs < call.resumeAtMs) return this.#wait(call);
    if (call.state === 'backing-off') return this.#attempt(call, nowMs);
    const admitted = this.#admit(nowMs);
    if (call.state !== 'queued') return admitted;
    return [...admitted, ...this.#giveBack(call, tooBusy(this.#service, this.fleet.eligible))];
  }

  #overdue(call: Call<Token>, nowMs: number): Effects<Token> {
    const effects: UpstreamEffect<Token>[] = [];
    for (const attempt of [call.first, call.second]) {
      if (attempt !== undefined && nowMs >= attempt.dueMs) effects.push(...this.#timedOut(attempt, nowMs));
    }
    if (nowMs >= call.hedgeAtMs) effects.push(...this.#hedge(call, nowMs));
    return call.state === 'ended' ? effects : [...effects, ...this.#wait(call)];
  }

  /** Asks another instance instead, if that can be; where the caller set the time, it is over either way. */
  #timedOut(attempt: Attempt<Token>, nowMs: number): Effects<Token> {
    const { call } = attempt;
    const isHard = call.terms.attemptTimeoutMs !== undefined;
    const hasRival = call.second !== undefined;
    // Its rival may fail yet: then a third instance is wanted.
    attempt.dueMs = hasRival ? nowMs + attempt.patienceMs : Number.POSITIVE_INFINITY;
    const moves = !hasRival && this.#repeats.affordsMove(attempt, nowMs);
    if (!isHard && !moves) return [];
    const error = attemptTimedOut(attempt, nowMs);
    this.#release(attempt);
    this.#learning.timedOut(attempt, nowMs);
    call.lastError = error;
    call.mayHaveExecuted = true;
    const abort = { type: 'abort', attempt, why: 'timed-out' } as const;
    if (call.first !== undefined) return [abort];
    if (moves) call.state = 'backing-off';
    const next = moves ? this.#attempt(call, nowMs) : this.#fail(call, error);
    return [abort, ...next];
  }

  /** "The tail at scale" (Dean and Barroso 2013): a second instance is asked, and the first answer counts. */
  #hedge(call: Call<Token>, nowMs: number): Effects<Token> {
    call.hedgeAtMs = Number.POSITIVE_INFINITY;
    const { first } = call;
    if (first === undefined || !this.#repeats.affordsHedge(first, nowMs)) return [];
    const chosen = this.fleet.choose(call, nowMs);
    return chosen === undefined || chosen === 'busy' ? [] : [this.#send(call, chosen, nowMs)];
  }

  #givenUp(call: Call<Token>, error: HoldfastError, why: GivenUp, nowMs: number): Effects<Token> {
    if (call.state === 'ended') return [];
    return [...this.#abandonAll(call, why, nowMs), ...this.#fail(call, error)];
  }

  /** Its time is up while nothing is under way: an answer to an earlier attempt is better than none. */
  #late(call: Call<Token>): Effects<Token> {
    return call.answered === undefined
      ? this.#fail(call, pastDeadline(this.#service, call))
      : this.#deliver(call);
  }

  #abandonAll(call: Call<Token>, why: GivenUp, nowMs: number, winner?: Attempt<Token>): Effects<Token> {
    if (call.first === undefined) return [];
    return [call.first, call.second].flatMap((attempt) => {
      if (attempt === undefined || attempt === winner) return [];
      this.#release(attempt);
      const isTimeout = this.#learning.givenUp(attempt, why, nowMs);
      return [{ type: 'abort' as const, attempt, why: isTimeout ? 'timed-out' : 'abandoned' }];
    });
  }

  #closed(nowMs: number): Effects<Token> {
    this.#view = { status: 'known', instances: [] };
    this.fleet.forget();
    const text = `The call of ${this.#service} was given up: the process is stopping.`;
    return this.#calls.all().flatMap((call) => this.#givenUp(call, cancelled(call, text), 'left', nowMs));
  }

  /** What has happened may have made room. */
  #thenAdmit(effects: Effects<Token>, nowMs: number): Effects<Token> {
    return this.#queue.isEmpty ? effects : [...effects, ...this.#admit(nowMs)];
  }

  /** Those who waited longest go first. One that only few instances may take holds nobody else up. */
  #admit(nowMs: number): Effects<Token> {
    const effects: UpstreamEffect<Token>[] = [];
    let place = 0;
    for (let call = this.#queue.at(place); call !== undefined; call = this.#queue.at(place)) {
      const isLate = nowMs >= call.deadlineMs;
      const chosen = isLate ? undefined : this.fleet.choose(call, nowMs);
      // What has been nowhere could go anywhere: there is room for none of those behind it either.
      if (chosen === 'busy' && call.tried === undefined) break;
      if (chosen === 'busy') place += 1;
      else effects.push(...(isLate ? this.#late(call) : this.#place(call, chosen, nowMs)));
    }
    return effects;
  }

  #release(attempt: Attempt<Token>): void {
    const { call } = attempt;
    attempt.isUnderWay = false;
    const isStream = call.terms.isStream === true;
    attempt.endpoint.released({ isStream, isAnswering: attempt.isAnswering });
    call.attemptEnded(attempt);
  }

  /** What an earlier attempt brought is better than an error that says only why there is no further one. */
  #giveBack(call: Call<Token>, error: HoldfastError): Effects<Token> {
    return call.answered === undefined ? this.#fail(call, call.lastError ?? error) : this.#deliver(call);
  }

  #wait(call: Call<Token>): Effects<Token> {
    call.plan();
    return [{ type: 'wait', call }];
  }

  #deliver(call: Call<Token>): Effects<Token> {
    must(call.answered, 'answer to deliver');
    this.#end(call);
    return [{ type: 'deliver', call }];
  }

  #fail(call: Call<Token>, error: HoldfastError): Effects<Token> {
    this.#end(call);
    return [{ type: 'fail', call, error: call.mayHaveExecuted ? perhapsExecuted(error) : error }];
  }

  #end(call: Call<Token>): void {
    call.state = 'ended';
    this.#calls.remove(call);
  }
}
