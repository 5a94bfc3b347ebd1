import { assert, type Core, HoldfastError, must, Prng, unreachable } from '../../std/index.ts';
import type { DiscoveryView } from '../discovery.ts';
import { limits } from '../limits.ts';
import { type Balance, type Balancer, createBalancer } from './balance.ts';
import { RetryBudget } from './budget.ts';
import type { Call } from './call.ts';
import type { Outcome, UpstreamEffect, UpstreamEvent } from './events.ts';
import { InstanceLoad } from './load.ts';
import { mayRetry, provablyUnsent } from './retry.ts';

/**
 * Everything this process decides about one service it calls: which instance an attempt goes to, whether a
 * failed one is repeated, when a call ends. One core an upstream.
 *
 * Invariants: a call that entered ends exactly once, by its deadline at the latest; an attempt that may have
 * taken effect is repeated only for an idempotent call; the outcome of an attempt that was aborted or
 * replaced changes nothing; in-flight counts are never negative.
 */
export class UpstreamCore<Token> implements Core<UpstreamEvent<Token>, UpstreamEffect<Token>> {
  readonly #service: string;
  readonly #prng: Prng;
  readonly #balancer: Balancer;
  readonly #budget = new RetryBudget();
  #view: DiscoveryView = { status: 'asking' };
  #loads = new Map<string, InstanceLoad>();
  /** Those that take new requests: ready with weight; when there is none, the draining ones. */
  #eligible: readonly InstanceLoad[] = [];
  /** No instance is passed over after that; most of the time none is, and nobody has to look. */
  #allReachableAtMs = Number.NEGATIVE_INFINITY;
  #waiting: Call<Token>[] = [];
  /** The calls under way, as a list through them: a Set cost a third of the throughput in collection. */
  #first: Call<Token> | undefined;

  constructor(options: { readonly service: string; readonly seed: number; readonly balance?: Balance }) {
    this.#service = options.service;
    this.#prng = new Prng(options.seed);
    this.#balancer = createBalancer(options.balance ?? 'p2c', this.#prng);
  }

  /** For observers and tests: what is known of each instance. */
  get loads(): ReadonlyMap<string, InstanceLoad> {
    return this.#loads;
  }

  step(event: UpstreamEvent<Token>): readonly UpstreamEffect<Token>[] {
    switch (event.type) {
      case 'call':
        this.#budget.earn(event.nowMs);
        this.#enter(event.call);
        return this.#attempt(event.call, event.nowMs);
      case 'outcome':
        return this.#settled(event.call, event.attempt, event.outcome, event.nowMs);
      case 'backed-off':
        return event.call.state === 'backing-off' ? this.#attempt(event.call, event.nowMs) : [];
      case 'deadline':
        return this.#interrupted(event.call, this.#deadlineError(event.call), event.nowMs);
      case 'cancel':
        return this.#interrupted(event.call, this.#cancelError(event.call, event.why), event.nowMs);
      case 'closed':
        return this.#closed();
      case 'view':
        return this.#viewed(event.view, event.nowMs);
      default:
        return unreachable(event);
    }
  }

  #viewed(view: DiscoveryView, nowMs: number): readonly UpstreamEffect<Token>[] {
    this.#view = view;
    if (view.status === 'known') this.#remember(view, nowMs);
    if (view.status === 'asking') return [];
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting.flatMap((call) => (call.state === 'waiting' ? this.#attempt(call, nowMs) : []));
  }

  #remember(view: Extract<DiscoveryView, { status: 'known' }>, nowMs: number): void {
    const before = this.#loads;
    const peersLatencyMs =
      before.size === 0
        ? 0
        : [...before.values()].reduce((sum, load) => sum + load.latencyMs(nowMs), 0) / before.size;
    this.#loads = new Map();
    for (const instance of view.instances) {
      const known = before.get(instance.id);
      const same = known !== undefined && known.instance.incarnation === instance.incarnation;
      const load = same ? known : new InstanceLoad(instance, peersLatencyMs, nowMs);
      load.instance = instance;
      this.#loads.set(instance.id, load);
    }
    const loads = [...this.#loads.values()].filter((load) => load.instance.weight > 0);
    const ready = loads.filter((load) => load.instance.state === 'ready');
    this.#eligible = ready.length > 0 ? ready : loads.filter((load) => load.instance.state === 'draining');
  }

  #attempt(call: Call<Token>, nowMs: number): readonly UpstreamEffect<Token>[] {
    assert(
      call.state !== 'ended' && call.state !== 'sending',
      'an attempt starts from waiting or backing off',
    );
    if (nowMs >= call.deadlineMs) return this.#fail(call, this.#deadlineError(call));
    if (this.#view.status === 'asking') return this.#wait(call);
    const chosen = this.#choose(call, nowMs);
    if (chosen === undefined) {
      return call.hasAnswer ? this.#deliver(call) : this.#fail(call, call.lastError ?? this.#nobody());
    }
    call.state = 'sending';
    call.current = chosen;
    call.lastInstance = chosen.instance.id;
    call.attempts += 1;
    call.sentAtMs = nowMs;
    call.hasAnswer = false;
    chosen.sent(nowMs);
    return [{ type: 'send', call, instance: chosen.instance, attempt: call.attempts }];
  }

  #choose(call: Call<Token>, nowMs: number): InstanceLoad | undefined {
    const { tried } = call;
    const untried =
      tried === undefined
        ? this.#eligible
        : this.#eligible.filter((load) => !tried.includes(load.instance.id));
    if (untried.length === 0) return undefined;
    if (nowMs >= this.#allReachableAtMs) return this.#balancer.pick(untried, nowMs);
    const reachable = untried.filter((load) => nowMs >= load.unreachableUntilMs);
    return this.#balancer.pick(reachable.length > 0 ? reachable : untried, nowMs);
  }

  #wait(call: Call<Token>): readonly UpstreamEffect<Token>[] {
    this.#waiting = this.#waiting.filter((other) => other.state === 'waiting');
    if (this.#waiting.length >= limits.callsWaitingMax) {
      const text = `Too many calls wait for ${this.#service} to be looked up.`;
      return this.#fail(call, new HoldfastError('resource_exhausted', text));
    }
    call.state = 'waiting';
    this.#waiting.push(call);
    return [];
  }

  #settled(
    call: Call<Token>,
    attempt: number,
    outcome: Outcome,
    nowMs: number,
  ): readonly UpstreamEffect<Token>[] {
    if (call.state !== 'sending' || call.attempts !== attempt) return [];
    const load = this.#release(call);
    const good = outcome.type === 'answered' && outcome.verdict === 'ok';
    this.#learn(call, load, outcome, nowMs);
    call.hasAnswer = outcome.type === 'answered';
    if (good) return this.#deliver(call);
    if (outcome.type === 'failed') call.lastError = outcome.error;
    if (this.#mayTryAgain(call, load, outcome, nowMs)) return this.#retry(call, outcome, nowMs);
    return outcome.type === 'answered' ? this.#deliver(call) : this.#fail(call, outcome.error);
  }

  #learn(call: Call<Token>, load: InstanceLoad, outcome: Outcome, nowMs: number): void {
    if (provablyUnsent(outcome)) {
      load.refused(nowMs);
      this.#allReachableAtMs = Math.max(this.#allReachableAtMs, load.unreachableUntilMs);
      return;
    }
    load.reached(nowMs);
    const good = outcome.type === 'answered' && outcome.verdict === 'ok';
    const measuredMs = outcome.type === 'answered' ? outcome.latencyMs : undefined;
    const latencyMs = measuredMs ?? nowMs - call.sentAtMs;
    load.sample(good ? latencyMs : Math.max(latencyMs, limits.failurePenaltyMs), nowMs);
  }

  #mayTryAgain(call: Call<Token>, load: InstanceLoad, outcome: Outcome, nowMs: number): boolean {
    if (call.attempts >= limits.attemptsMax || !mayRetry(outcome, call.idempotent)) return false;
    call.tried ??= [];
    call.tried.push(load.instance.id);
    return this.#choosable(call) && (provablyUnsent(outcome) || this.#budget.spend(nowMs));
  }

  /** Asked before the budget is spent: there must be an instance that was not tried. */
  #choosable(call: Call<Token>): boolean {
    return this.#eligible.some((load) => !call.tried?.includes(load.instance.id));
  }

  #retry(call: Call<Token>, outcome: Outcome, nowMs: number): readonly UpstreamEffect<Token>[] {
    call.state = 'backing-off';
    if (provablyUnsent(outcome)) return this.#attempt(call, nowMs);
    const ceilingMs = Math.min(limits.backoffMaxMs, limits.backoffBaseMs * 2 ** call.attempts);
    return [{ type: 'back-off', call, delayMs: this.#prng.fraction() * ceilingMs }];
  }

  #interrupted(call: Call<Token>, error: HoldfastError, nowMs: number): readonly UpstreamEffect<Token>[] {
    if (call.state === 'ended') return [];
    if (call.state !== 'sending') return this.#fail(call, error);
    const load = this.#release(call);
    // An instance that let its caller wait in vain is at least that slow.
    const waitedMs = nowMs - call.sentAtMs;
    const isTimeout = error.code === 'deadline_exceeded';
    const learntMs = isTimeout ? Math.max(waitedMs, limits.failurePenaltyMs) : waitedMs;
    if (learntMs > load.latencyMs(nowMs)) load.sample(learntMs, nowMs);
    return [{ type: 'abort', call }, ...this.#fail(call, error)];
  }

  #closed(): readonly UpstreamEffect<Token>[] {
    this.#view = { status: 'known', instances: [] };
    this.#eligible = [];
    const underWay: Call<Token>[] = [];
    for (let call = this.#first; call !== undefined; call = call.next) underWay.push(call);
    return underWay.reverse().flatMap((call) => {
      const text = `The call of ${this.#service} was given up: the process is stopping.`;
      const error = this.#cancelError(call, text);
      const isSending = call.state === 'sending';
      if (isSending) this.#release(call);
      return [...(isSending ? [{ type: 'abort' as const, call }] : []), ...this.#fail(call, error)];
    });
  }

  #release(call: Call<Token>): InstanceLoad {
    const load = must(call.current, 'the instance of an attempt under way');
    load.inFlight -= 1;
    assert(load.inFlight >= 0, 'in-flight is never negative');
    call.current = undefined;
    return load;
  }

  #deliver(call: Call<Token>): readonly UpstreamEffect<Token>[] {
    this.#end(call);
    return [{ type: 'deliver', call }];
  }

  #fail(call: Call<Token>, error: HoldfastError): readonly UpstreamEffect<Token>[] {
    this.#end(call);
    return [{ type: 'fail', call, error }];
  }

  #enter(call: Call<Token>): void {
    call.next = this.#first;
    if (this.#first !== undefined) this.#first.previous = call;
    this.#first = call;
  }

  #end(call: Call<Token>): void {
    call.state = 'ended';
    const { previous, next } = call;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    call.next = undefined;
    call.previous = undefined;
  }

  #cancelError(call: Call<Token>, why: string): HoldfastError {
    return new HoldfastError('cancelled', why, { mayHaveExecuted: call.attempts > 0 });
  }

  #nobody(): HoldfastError {
    const why = this.#view.status === 'unreachable' ? this.#view.why : undefined;
    const text =
      why === undefined
        ? `No instance of ${this.#service} is registered and ready.`
        : `${this.#service} cannot be looked up: ${why}`;
    return new HoldfastError('unavailable', text, { mayHaveExecuted: false });
  }

  #deadlineError(call: Call<Token>): HoldfastError {
    const allowedMs = Math.round(call.deadlineMs - call.startedAtMs);
    const where = call.current?.instance;
    const text =
      where === undefined
        ? `${this.#service} did not answer within ${allowedMs} ms.`
        : `${where.id} at ${where.host}:${where.port} did not answer within ${allowedMs} ms.`;
    return new HoldfastError('deadline_exceeded', text, {
      cause: call.lastError,
      mayHaveExecuted: call.attempts > 0,
    });
  }
}
