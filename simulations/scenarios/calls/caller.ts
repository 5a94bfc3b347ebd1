import type { CallOptions, Discovery, UpstreamDriver } from 'holdfast/calls';
import type { Host } from 'holdfast/host';
import type { Prng } from 'holdfast/std';
import { BreakersCheck } from './checks/breakers.ts';
import { EndingsCheck } from './checks/endings.ts';
import { EpochsCheck } from './checks/epochs.ts';
import { PlacesCheck } from './checks/places.ts';
import { QueueCheck } from './checks/queue.ts';
import { RepeatsCheck } from './checks/repeats.ts';
import { AttractionCheck, PoisonCheck, StarvationCheck } from './checks/shares.ts';
import { type Directory, service } from './directory.ts';
import { type Books, type Request, SimulatedCall } from './exchange.ts';
import { type Plan, pick } from './plan.ts';
import type { Blame, Rule } from './rules.ts';
import { type Check, idOf, watch } from './watch.ts';

const keys = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8'];

/** Between calls, once all is well. */
const calmGapMs = 250;

/** One life of the calling program: calls at random moments, each step of its core looked at. */
export class Caller implements Books {
  readonly host: Host;
  readonly blame: Blame;
  readonly pending = new Set<SimulatedCall>();
  open = 0;
  succeeded = 0;
  /** In its own time. */
  pausedAtMs = Number.NEGATIVE_INFINITY;
  readonly #plan: Plan;
  readonly #prng: Prng;
  readonly #upstream: UpstreamDriver;
  readonly #places: PlacesCheck;
  readonly #queue: QueueCheck;
  readonly #starvation = new StarvationCheck();
  readonly #attraction: AttractionCheck;
  readonly #nextNumber: () => number;
  #isWell = false;

  constructor(options: {
    readonly host: Host;
    readonly plan: Plan;
    readonly prng: Prng;
    readonly blame: Blame;
    readonly directory: Directory;
    readonly Driver: typeof UpstreamDriver;
    readonly nextNumber: () => number;
  }) {
    const { host, plan, prng, blame, directory, Driver } = options;
    this.host = host;
    this.blame = blame;
    this.#plan = plan;
    this.#prng = prng;
    this.#nextNumber = options.nextNumber;
    const { policy, zone } = plan;
    this.#upstream = new Driver({ service, host, discovery: arriving(directory, host), policy, zone });
    this.#places = new PlacesCheck(blame, plan.inFlightMax);
    this.#queue = new QueueCheck(blame, plan.queueLengthMax, () => this.pausedAtMs);
    this.#attraction = new AttractionCheck(blame, plan.names[0] ?? '');
    watch(this.#upstream.core, this.#checks());
    this.#next();
  }

  #checks(): readonly Check[] {
    const { blame } = this;
    const { regime } = this.#plan;
    return [
      this.#places,
      this.#queue,
      this.#starvation,
      new RepeatsCheck(blame),
      new BreakersCheck(blame),
      new EpochsCheck(blame),
      new EndingsCheck(blame, () => this.pausedAtMs),
      ...(regime === 'poison' ? [new PoisonCheck(blame)] : []),
      ...(regime === 'fast-failing' ? [this.#attraction] : []),
    ];
  }

  /** To be called after every event. */
  look(isPaused: boolean): void {
    const nowMs = this.host.clock.nowMs();
    if (isPaused) {
      this.pausedAtMs = nowMs;
      for (const call of this.pending) call.paused = true;
      return;
    }
    if (this.open !== this.#places.total) {
      this.blame.broken('places', `${this.open} attempts are open, ${this.#places.total} are under way`);
    }
    this.#queue.look(nowMs);
    for (const { deadlineMs, paused, request } of this.pending) {
      if (paused || nowMs <= deadlineMs + 1) continue;
      this.blame.broken('ending', `call ${request.number} goes on after its deadline`);
    }
  }

  /** Faults have ended. */
  allIsWell(): void {
    this.#isWell = true;
    this.#attraction.end();
    this.#starvation.begin();
    this.succeeded = 0;
  }

  /** What is not yet as it should be when all is well. */
  lacking(): readonly [Rule, string] | undefined {
    if (this.succeeded === 0) return ['recovery', 'no call has succeeded since all is well'];
    const { fleet, queued } = this.#upstream.core;
    const ejected = fleet.eligible.find(({ isEjected }) => isEjected);
    if (ejected !== undefined) return ['recovery', `${idOf(ejected)} is still ejected`];
    const [starving] = this.#starvation.starving(fleet.preferred);
    if (starving !== undefined) return ['starvation', `${idOf(starving)} gets no calls`];
    if (queued + this.#queue.length > 0) return ['recovery', 'somebody waits in the queue'];
    const isBusy = fleet.eligible.some(({ inFlight, streams }) => inFlight + streams > 0);
    return isBusy || this.open > 0 ? ['recovery', 'something is always under way'] : undefined;
  }

  #next(): void {
    const { burstMax, gapMsMax } = this.#plan;
    const gapMs = this.#isWell ? calmGapMs : 1 + this.#prng.below(gapMsMax);
    this.host.clock.setTimer(gapMs, () => {
      const count = this.#isWell ? 1 : 1 + this.#prng.below(burstMax);
      for (let call = 0; call < count; call++) this.#call();
      this.#next();
    });
  }

  #call(): void {
    const options = this.#isWell ? this.#calmTerms() : this.#terms();
    const isPoison = !this.#isWell && this.#prng.chance(this.#plan.poisonShare);
    const isStreamed = options.isStream === true || (!this.#isWell && this.#prng.chance(0.05));
    const { idempotent, timeoutMs } = options;
    const request: Request = { number: this.#nextNumber(), idempotent, isPoison, isStreamed };
    const call = new SimulatedCall(this, request, this.host.clock.nowMs() + timeoutMs);
    this.pending.add(call);
    this.#upstream.start(call, options);
  }

  /** Some callers leave at once: a probe that they were must not be the last one. */
  #calmTerms(): CallOptions {
    const signal = this.#prng.chance(0.3) ? this.#signal(1 + this.#prng.below(5)) : undefined;
    return { ...this.#plainTerms(), signal };
  }

  #plainTerms(): CallOptions {
    const key = this.#prng.chance(0.3) ? pick(this.#prng, keys) : undefined;
    return { timeoutMs: 1_000, idempotent: true, key };
  }

  #terms(): CallOptions {
    const prng = this.#prng;
    if (this.#plan.regime !== 'ordinary') {
      return { ...this.#plainTerms(), idempotent: prng.chance(this.#plan.idempotentShare) };
    }
    return {
      timeoutMs: 50 + prng.below(1_000),
      idempotent: prng.chance(this.#plan.idempotentShare),
      isWithinRetry: prng.chance(0.1),
      isStream: prng.chance(0.08),
      key: prng.chance(0.3) ? pick(prng, keys) : undefined,
      attemptTimeoutMs: prng.chance(0.1) ? 30 + prng.below(300) : undefined,
      hedge: prng.chance(0.35),
      signal: prng.chance(0.08) ? this.#signal(1 + prng.below(400)) : undefined,
    };
  }

  #signal(afterMs: number): AbortSignal {
    const controller = new AbortController();
    this.host.clock.setTimer(afterMs, () => controller.abort());
    return controller.signal;
  }
}

/** News reaches a program as an event of its own: not while it is paused, nor when it is gone. */
function arriving(directory: Directory, host: Host): Discovery {
  return {
    watch: (name, listener) => {
      let isFirst = true;
      const unwatch = directory.watch(name, (view) => {
        if (isFirst) listener(view);
        else host.clock.setTimer(0, () => listener(view));
      });
      isFirst = false;
      return unwatch;
    },
  };
}
