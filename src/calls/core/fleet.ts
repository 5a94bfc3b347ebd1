import { must, type Prng } from '../../std/index.ts';
import type { Instance } from '../discovery.ts';
import { limits } from '../limits.ts';
import type { ChosenBy, PassedOver } from './attempt.ts';
import type { Balance, Balancer } from './balance/balancer.ts';
import { createBalancer } from './balance/create.ts';
import type { CallTerms } from './call.ts';
import type { Endpoint } from './endpoint.ts';
import type { UpstreamReport } from './events.ts';
import { type Counts, countsOf, isSuspect, troubleOf } from './outlier.ts';
import { Roster } from './roster.ts';
import { preferredZone } from './zone.ts';

/** What a choice depends on. */
export interface Chooser {
  readonly terms: CallTerms;
  readonly tried: readonly string[] | undefined;
}

/**
 * The best that a further attempt may hope for. full: it would have to queue; poor: only where trouble is
 * known, which includes an ejected instance that is restored for want of another.
 */
export type Prospect = 'good' | 'full' | 'poor' | 'none';

/**
 * The instances of one service, and which of them the next attempt goes to.
 *
 * Invariants: at most half of those that take calls are ejected, and never the last that can be reached; an
 * ejected one gets nothing but its probe; one that is full gets nothing more.
 */
export class Fleet {
  readonly #prng: Prng;
  readonly #balance: Balance;
  readonly #balancer: Balancer;
  readonly #inFlightMax: number;
  readonly #zone: string | undefined;
  readonly #ejects: boolean;
  readonly #report: (report: UpstreamReport) => void;
  readonly #roster = new Roster();
  #ejected: readonly Endpoint[] = [];
  /** Of those that are not ejected the ones near by, if that is enough of them. */
  #preferred: readonly Endpoint[] = [];
  #usable: readonly Endpoint[] = [];
  /** Until then nobody is preferred for being near: most of what goes there fails. */
  #anywhereUntilMs = Number.NEGATIVE_INFINITY;
  /** Why the latest choice fell as it did. */
  chosenBy: ChosenBy;
  /** Those that may have stood in the way of the latest choice. */
  #inTheWay: readonly Endpoint[] = [];

  constructor(options: {
    readonly prng: Prng;
    readonly balance: Balance;
    readonly inFlightMax: number;
    readonly zone: string | undefined;
    readonly ejects: boolean;
    readonly report: (report: UpstreamReport) => void;
  }) {
    this.#prng = options.prng;
    this.#balance = options.balance;
    this.#balancer = createBalancer(options.balance, options.prng);
    this.#inFlightMax = options.inFlightMax;
    this.#zone = options.zone;
    this.#ejects = options.ejects;
    this.#report = options.report;
    this.chosenBy = options.balance;
  }

  get endpoints(): ReadonlyMap<string, Endpoint> {
    return this.#roster.endpoints;
  }

  /** Those that take new calls: ready with weight; when there is none, the draining ones. */
  get eligible(): readonly Endpoint[] {
    return this.#roster.eligible;
  }

  get preferred(): readonly Endpoint[] {
    return this.#preferred;
  }

  know(instances: readonly Instance[], nowMs: number): void {
    this.#roster.know(instances, nowMs);
    this.#balancer.know(this.eligible);
    this.#sort();
    this.#restoreSurplus(nowMs);
  }

  forget(): void {
    this.#roster.forget();
    this.#sort();
  }

  /** The instance for the next attempt: `busy` when those left are full, undefined when none is left. */
  choose(call: Chooser, nowMs: number): Endpoint | 'busy' | undefined {
    this.#inTheWay = this.#ejected;
    // A call that has failed once, or is late, needs an instance that is known to be well.
    const mayProbe = this.#ejected.length > 0 && call.tried === undefined;
    const probed = mayProbe ? this.#probedBy(call, nowMs) : undefined;
    if (probed !== undefined) return probed;
    this.chosenBy = this.#balance;
    const candidates = nowMs < this.#anywhereUntilMs ? this.#usable : this.#preferred;
    if (candidates.length > 0) {
      const picked = this.#balancer.pick(candidates, nowMs, call.terms.key);
      if (this.#obstacle(picked, call, nowMs) === undefined) return this.#chosen(picked, nowMs);
    }
    return this.#search(call, nowMs);
  }

  /** Where the call could go that it has not been. */
  prospect(call: Chooser, nowMs: number): Prospect {
    let best: Prospect = 'none';
    let isAnyReachable = false;
    let canRestore = false;
    for (const endpoint of this.eligible) {
      const reachable = isReachable(endpoint, nowMs);
      isAnyReachable ||= reachable;
      if (isTried(endpoint, call)) continue;
      if (reachable && this.#hasRoom(endpoint, call)) return 'good';
      if (reachable) best = 'full';
      else if (endpoint.isEjected) canRestore ||= isRestorable(endpoint, nowMs);
      else if (best === 'none') best = 'poor';
    }
    return best === 'none' && canRestore && !isAnyReachable ? 'poor' : best;
  }

  /** Opens the instance's breaker if it deserves that and the others can do without it. */
  judge(endpoint: Endpoint, nowMs: number): void {
    this.#judgeZone(nowMs);
    if (!isSuspect(endpoint)) return;
    if (!this.#canSpare(endpoint, nowMs)) {
      this.#reinforce(endpoint, nowMs);
      return;
    }
    const why = troubleOf(endpoint, this.#peersOf(endpoint, nowMs));
    if (why !== undefined) this.#eject(endpoint, why, nowMs);
  }

  /** It is silent, and so is everybody else that is not ejected: one that is may be well again. */
  #reinforce(silent: Endpoint, nowMs: number): void {
    if (silent.silences < limits.silencesInARow) return;
    const speaks = (other: Endpoint): boolean =>
      isReachable(other, nowMs) && other.silences < limits.silencesInARow;
    if (!this.eligible.some(speaks)) this.#restoreForWant(this.#ejected, nowMs);
  }

  #peersOf(endpoint: Endpoint, nowMs: number): Counts {
    const peers = this.eligible.filter((other) => other !== endpoint);
    return countsOf(peers, nowMs);
  }

  /** A zone may fall ill as a whole; comparing its instances with each other finds nothing. */
  #judgeZone(nowMs: number): void {
    if (this.#preferred.length === this.#usable.length) return;
    const { good, bad } = countsOf(this.#preferred, nowMs);
    if (bad >= limits.zoneFailuresMin && bad > good) this.#anywhereUntilMs = nowMs + limits.zoneAvoidedMs;
  }

  /** The probe of an ejected instance has told: back among the others, or out for longer. */
  probed(endpoint: Endpoint, isGood: boolean, why: string, nowMs: number): void {
    if (isGood) {
      this.#restore(endpoint, 'its probe was answered', nowMs);
      return;
    }
    const { good, bad } = this.#peersOf(endpoint, nowMs);
    if (bad >= limits.failuresInARow && bad > good) {
      this.#restore(endpoint, 'the others fail as well', nowMs);
      return;
    }
    this.#eject(endpoint, why, nowMs);
  }

  /** What stood in the way of the other instances. Undefined, at no cost, while all is well. */
  passedOver(call: Chooser, chosen: Endpoint, nowMs: number): readonly PassedOver[] | undefined {
    let passed: PassedOver[] | undefined;
    for (const endpoint of this.#inTheWay) {
      if (endpoint === chosen) continue;
      const why = this.#obstacle(endpoint, call, nowMs);
      if (why === undefined) continue;
      passed ??= [];
      passed.push({ instance: endpoint.instance.id, why });
      if (passed.length === limits.passedOverToldMax) break;
    }
    return passed;
  }

  isFull(endpoint: Endpoint): boolean {
    return endpoint.inFlight >= this.#inFlightMax;
  }

  #obstacle(endpoint: Endpoint, call: Chooser, nowMs: number): PassedOver['why'] | undefined {
    if (isTried(endpoint, call)) return 'tried';
    if (endpoint.isEjected) return 'ejected';
    if (nowMs < endpoint.avoidUntilMs) return 'avoided';
    return this.#hasRoom(endpoint, call) ? undefined : 'full';
  }

  #chosen(endpoint: Endpoint, nowMs: number): Endpoint {
    if (endpoint.hasRefused) endpoint.tryAgain(nowMs);
    return endpoint;
  }

  #probedBy({ terms }: Chooser, nowMs: number): Endpoint | undefined {
    const isRepeatable = terms.idempotent && terms.isWithinRetry !== true && terms.isStream !== true;
    for (const endpoint of this.#ejected) {
      if (!endpoint.breaker.takesProbe(isRepeatable, nowMs)) continue;
      if (nowMs < endpoint.avoidUntilMs || this.isFull(endpoint)) continue;
      if (terms.isStream === true) {
        // A stream may say nothing for hours. When only streams come, somebody has to begin.
        this.#restore(endpoint, 'no call came that could be its probe', nowMs);
        return undefined;
      }
      endpoint.breaker.startProbe();
      this.#report({ type: 'probing', instance: endpoint.instance.id });
      this.chosenBy = 'probe';
      return endpoint;
    }
    return undefined;
  }

  /** The slow way: the balancer's choice among all would not do. */
  #search(call: Chooser, nowMs: number): Endpoint | 'busy' | undefined {
    this.#inTheWay = this.eligible;
    let left = this.eligible.filter((endpoint) => !isTried(endpoint, call));
    const canReach = (endpoint: Endpoint): boolean => isReachable(endpoint, nowMs);
    if (this.#ejected.length > 0 && !this.eligible.some(canReach)) this.#restoreForWant(left, nowMs);
    left = left.filter(({ isEjected }) => !isEjected);
    if (left.length === 0) return undefined;
    const reachable = left.filter(({ avoidUntilMs }) => nowMs >= avoidUntilMs);
    const free = (reachable.length > 0 ? reachable : left).filter((each) => this.#hasRoom(each, call));
    if (free.length === 0) return 'busy';
    if (reachable.length === 0) this.chosenBy = 'last-resort';
    // What failed near by has a better chance elsewhere.
    const isNearGood = call.tried === undefined && nowMs >= this.#anywhereUntilMs;
    const near = isNearGood ? free.filter((endpoint) => this.#preferred.includes(endpoint)) : [];
    return this.#chosen(this.#balancer.pick(near.length > 0 ? near : free, nowMs, call.terms.key), nowMs);
  }

  #hasRoom(endpoint: Endpoint, call: Chooser): boolean {
    return call.terms.isStream === true || !this.isFull(endpoint);
  }

  /** Every other instance refuses: one that fails now and then is better than none. */
  #restoreForWant(left: readonly Endpoint[], nowMs: number): void {
    const soonest = soonestProbed(left.filter((endpoint) => isRestorable(endpoint, nowMs)));
    if (soonest !== undefined) this.#restore(soonest, 'no other instance answers', nowMs);
  }

  #restoreSurplus(nowMs: number): void {
    while (this.#ejected.length > this.#ejectedMax) {
      const soonest = must(soonestProbed(this.#ejected), 'ejected instance');
      this.#restore(soonest, 'too few instances are left', nowMs);
    }
  }

  #restore(endpoint: Endpoint, why: string, nowMs: number): void {
    endpoint.breaker.close(nowMs);
    endpoint.recent.clear();
    endpoint.silences = 0;
    endpoint.warmUp(nowMs);
    this.#sort();
    this.#report({ type: 'restored', instance: endpoint.instance.id, why });
  }

  #eject(endpoint: Endpoint, why: string, nowMs: number): void {
    const forMs = endpoint.breaker.open(why, nowMs, this.#prng.fraction());
    this.#sort();
    this.#report({ type: 'ejected', instance: endpoint.instance.id, why, forMs });
  }

  get #ejectedMax(): number {
    return Math.floor(this.eligible.length / 2);
  }

  #canSpare(endpoint: Endpoint, nowMs: number): boolean {
    if (!this.#ejects) return false;
    if (endpoint.isEjected || this.#ejected.length >= this.#ejectedMax) return false;
    if (!this.eligible.includes(endpoint)) return false;
    return this.eligible.some((other) => other !== endpoint && isReachable(other, nowMs));
  }

  #sort(): void {
    this.#ejected = this.eligible.filter(({ isEjected }) => isEjected);
    this.#usable =
      this.#ejected.length === 0 ? this.eligible : this.eligible.filter(({ isEjected }) => !isEjected);
    // A key belongs to one instance, wherever its callers are.
    const isByKey = this.#balance === 'ring-hash';
    this.#preferred = isByKey ? this.#usable : preferredZone(this.#usable, this.eligible, this.#zone);
  }
}

function isTried({ instance }: Endpoint, { tried }: Chooser): boolean {
  return tried?.includes(instance.id) === true;
}

/** Neither ejected nor passed over for a while. */
function isReachable({ isEjected, avoidUntilMs }: Endpoint, nowMs: number): boolean {
  return !isEjected && nowMs >= avoidUntilMs;
}

/** Ejected, and nothing but that keeps it from being tried. */
function isRestorable({ isEjected, breaker, avoidUntilMs }: Endpoint, nowMs: number): boolean {
  return isEjected && !breaker.isProbing && nowMs >= avoidUntilMs;
}

/** The one that a probe would go to first. */
function soonestProbed(ejected: readonly Endpoint[]): Endpoint | undefined {
  return ejected.toSorted((one, two) => one.breaker.probeAtMs - two.breaker.probeAtMs)[0];
}
