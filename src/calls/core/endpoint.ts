import { assert } from '../../std/index.ts';
import type { Instance } from '../discovery.ts';
import { limits } from '../limits.ts';
import { Breaker } from './breaker.ts';
import { PeakLatency } from './peak-latency.ts';
import { RecentOutcomes } from './recent-outcomes.ts';

/**
 * One instance as this process knows it from its own calls.
 * Invariant: inFlight and streams count the attempts sent to it that have neither ended nor been aborted.
 */
export class Endpoint {
  instance: Instance;
  inFlight = 0;
  streams = 0;
  /** Of those in flight: the head of their answer has come, and nobody waits for it. */
  #answering = 0;
  readonly breaker = new Breaker();
  readonly recent = new RecentOutcomes();
  readonly latency: PeakLatency;
  /** Its weight in proportion to the heaviest one's. */
  share = 1;
  /** Round-robin's place in the queue. */
  turn = 0;
  /** Passed over until then: it refused connections, or asked for time. */
  avoidUntilMs = Number.NEGATIVE_INFINITY;
  picks = 0;
  /** Attempts waited for in vain, one after the other, since it last said anything. */
  silences = 0;
  #silenceGrewAtMs = Number.NEGATIVE_INFINITY;
  /** Not listed any more, or replaced by a later incarnation: what its attempts bring concerns nobody. */
  isGone = false;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  #rampEndsMs = Number.NEGATIVE_INFINITY;
  #refusals = 0;
  #refusedAtMs = Number.NEGATIVE_INFINITY;
  /** Since its last answer, or since it was sent a call after having had none. Streams may be silent. */
  #silentSinceMs = Number.NEGATIVE_INFINITY;

  /** A newcomer starts with what its peers show, so that it is neither flooded nor starved. */
  constructor(instance: Instance, latencyMs: number, nowMs: number) {
    this.instance = instance;
    this.latency = new PeakLatency(latencyMs, nowMs);
  }

  get isEjected(): boolean {
    return this.breaker.state !== 'closed';
  }

  /** It takes on load little by little from now on: caches are cold and code is not compiled yet. */
  warmUp(nowMs: number): void {
    this.#rampEndsMs = nowMs + limits.slowStartMs;
  }

  /** How much of a full load it should get, in (0, 1]. */
  appetite(nowMs: number): number {
    if (nowMs >= this.#rampEndsMs) return this.share;
    const ramp = 1 - (this.#rampEndsMs - nowMs) / limits.slowStartMs;
    return this.share * Math.max(limits.slowStartMin, ramp);
  }

  /** The same for those who do not go by the score: less for a while after a failure. */
  appetiteAfterFailures(nowMs: number): number {
    const sinceMs = nowMs - this.#failedAtMs;
    if (sinceMs >= limits.penaltyFeltMs) return this.appetite(nowMs);
    const penalty = limits.penaltyAppetite * Math.exp(-sinceMs / limits.penaltyDecayMs);
    return this.appetite(nowMs) * (1 - penalty);
  }

  isRamping(nowMs: number): boolean {
    return nowMs < this.#rampEndsMs;
  }

  /**
   * It refused a connection, and so will do for a while: nobody listens there. Those that tried at the same
   * time count once.
   */
  refused(sentAtMs: number, nowMs: number): void {
    if (this.#refusals > 0 && sentAtMs < this.#refusedAtMs) return;
    this.#refusedAtMs = nowMs;
    const pauseMs = limits.unreachableBaseMs * 2 ** this.#refusals;
    this.avoidUntilMs = nowMs + Math.min(pauseMs, limits.unreachableMaxMs);
    if (pauseMs < limits.unreachableMaxMs) this.#refusals += 1;
  }

  get hasRefused(): boolean {
    return this.#refusals > 0;
  }

  /** It was sent another attempt after its pause; until that has ended no second one has to find out. */
  tryAgain(nowMs: number): void {
    this.avoidUntilMs = nowMs + limits.connectTimeoutMs;
  }

  /** It asked to be left alone for a while. */
  avoidFor(askedMs: number, nowMs: number): void {
    this.avoidUntilMs = nowMs + Math.min(askedMs, limits.retryAfterMaxMs);
  }

  /** Nothing came within the time of an attempt. Those that waited at the same time count once. */
  silent(sentAtMs: number, nowMs: number): void {
    if (this.silences > 0 && sentAtMs < this.#silenceGrewAtMs) return;
    this.silences += 1;
    this.#silenceGrewAtMs = nowMs;
  }

  /** It counts as slow for a while. */
  failed(nowMs: number): void {
    this.#failedAtMs = nowMs;
  }

  /** It answered, or at least took the request. Time that it asked for is not over by that. */
  reached(nowMs: number): void {
    this.#silentSinceMs = nowMs;
    this.silences = 0;
    if (this.#refusals === 0) return;
    this.avoidUntilMs = Number.NEGATIVE_INFINITY;
    this.#refusals = 0;
  }

  sent(isStream: boolean, nowMs: number): void {
    if (!isStream && this.inFlight === this.#answering) this.#silentSinceMs = nowMs;
    if (isStream) this.streams += 1;
    else this.inFlight += 1;
    this.picks += 1;
  }

  /** The head of a call's good answer has come. */
  answers(): void {
    this.#answering += 1;
  }

  released({ isStream, isAnswering }: { readonly isStream: boolean; readonly isAnswering: boolean }): void {
    if (isStream) this.streams -= 1;
    else this.inFlight -= 1;
    if (!isStream && isAnswering) this.#answering -= 1;
    assert(this.inFlight >= 0 && this.streams >= 0, 'in-flight is never negative');
    assert(this.#answering >= 0 && this.#answering <= this.inFlight, 'those that answer are in flight');
  }

  /** For how long it has said nothing though somebody waits. */
  silentMs(nowMs: number): number {
    return this.inFlight === this.#answering ? 0 : nowMs - this.#silentSinceMs;
  }

  /** What its latest failure makes it count as. */
  penaltyMs(nowMs: number): number {
    return limits.failurePenaltyMs * Math.exp((this.#failedAtMs - nowMs) / limits.penaltyDecayMs);
  }

  /**
   * Lower is better: the time a further request would have to expect. An instance that has said nothing for
   * longer than its usual latency while requests are under way counts as that slow: a stall is felt at once,
   * not when the first deadline passes.
   */
  score(nowMs: number): number {
    const expectedMs = Math.max(
      this.latency.at(nowMs),
      this.silentMs(nowMs),
      this.penaltyMs(nowMs),
      limits.latencyToldApartMs,
    );
    return expectedMs * ((this.inFlight + this.streams) / this.appetite(nowMs) + 1);
  }
}
