import {
  type Balance,
  Exchange,
  fixedDiscovery,
  type Instance,
  type Sending,
  type Target,
  UpstreamDriver,
  type UpstreamPolicy,
} from 'holdfast/calls';
import type { Host } from 'holdfast/host';
import { createSimulation } from 'holdfast/simulator';
import { Prng } from 'holdfast/std';

/**
 * The experiment of "Beyond Round Robin: Load Balancing for Latency" (Linkerd, 16 March 2016), after its
 * description: ten instances, one of which becomes slow by seconds for half of the time, and callers that
 * wait one second. What counts is the share of calls that succeed. Callers and policy are ours, the very
 * ones of production; the instances and the network are simulated.
 */
export interface Variant {
  readonly name: string;
  readonly policy: UpstreamPolicy;
  readonly idempotent: boolean;
}

export interface Result {
  readonly calls: number;
  readonly succeeded: number;
  /** Attempts that reached the slow instance while it was slow. */
  readonly intoTheSlow: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

const instances = 10;
const timeoutMs = 1_000;
const runMs = 60_000;
const slowFromMs = 15_000;
const slowUntilMs = 45_000;
const slowByMs = 2_000;
const callsPerS = 500;
const service = 'a';

/** Only the balancer decides: as in the experiment, nothing is retried and nobody ejected. */
const bare = (balance: Balance): Variant => ({
  name: `${balance} alone`,
  policy: { balance, eject: false, attemptsMax: 1 },
  idempotent: false,
});

export const variants: readonly Variant[] = [
  bare('round-robin'),
  bare('least-in-flight'),
  bare('p2c'),
  { name: 'round-robin, all else on', policy: { balance: 'round-robin' }, idempotent: false },
  { name: 'all defaults', policy: {}, idempotent: false },
  { name: 'all defaults, idempotent calls', policy: {}, idempotent: true },
];

export function runExperiment({ policy, idempotent }: Variant, seed: number): Result {
  const simulation = createSimulation({ seed });
  const latenciesMs: number[] = [];
  let calls = 0;
  let succeeded = 0;
  let intoTheSlow = 0;
  simulation.host('caller').boot((host) => {
    const prng = new Prng(seed);
    const list = Array.from({ length: instances }, (_, index) => instanceOf(`a-${index + 1}`));
    const upstream = new UpstreamDriver({
      service,
      host,
      policy,
      discovery: fixedDiscovery({ [service]: list }),
    });
    const latencyMs = (target: Target): number => {
      const nowMs = host.clock.nowMs() - startedMs;
      const isSlow = target.instance.id === 'a-1' && nowMs >= slowFromMs && nowMs < slowUntilMs;
      if (isSlow) intoTheSlow += 1;
      return usualMs(prng) + (isSlow ? slowByMs : 0);
    };
    const startedMs = host.clock.nowMs();
    const next = (): void => {
      if (host.clock.nowMs() - startedMs >= runMs) return;
      calls += 1;
      const beganMs = host.clock.nowMs();
      const ended = (isGood: boolean): void => {
        if (isGood) succeeded += 1;
        latenciesMs.push(host.clock.nowMs() - beganMs);
      };
      upstream.start(new ExperimentCall(host, latencyMs, ended), { timeoutMs, idempotent });
      host.clock.setTimer(prng.fraction() * (2_000 / callsPerS), next);
    };
    next();
  });
  simulation.runFor(runMs + 2 * timeoutMs);
  latenciesMs.sort((one, two) => one - two);
  const quantile = (share: number): number => latenciesMs[Math.floor(share * latenciesMs.length)] as number;
  return {
    calls,
    succeeded,
    intoTheSlow,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    p999Ms: quantile(0.999),
  };
}

/** 5 ms and an exponential tail with a mean of 10 ms: now and then an answer takes 80 ms. */
function usualMs(prng: Prng): number {
  return 5 - 10 * Math.log(1 - prng.fraction());
}

class ExperimentCall extends Exchange {
  readonly #host: Host;
  readonly #latencyMs: (target: Target) => number;
  readonly #ended: (isGood: boolean) => void;

  constructor(host: Host, latencyMs: (target: Target) => number, ended: (isGood: boolean) => void) {
    super();
    this.#host = host;
    this.#latencyMs = latencyMs;
    this.#ended = ended;
  }

  override send(target: Target): Sending {
    const timer = this.#host.clock.setTimer(this.#latencyMs(target), () =>
      target.settled({ type: 'answered', verdict: 'ok' }),
    );
    return { abort: () => timer.cancel() };
  }

  override deliver(): void {
    this.#ended(true);
  }

  override fail(): void {
    this.#ended(false);
  }
}

function instanceOf(id: string): Instance {
  return { id, incarnation: 'i', host: id, port: 80, state: 'ready', weight: 1 };
}
