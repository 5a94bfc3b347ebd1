import type { InstanceState } from '../discovery.ts';
import { limits } from '../limits.ts';
import type { ChosenBy, PassedOver } from './attempt.ts';
import type { Balance } from './balance/balancer.ts';
import type { Endpoint } from './endpoint.ts';
import type { UpstreamCore } from './upstream.ts';

/** What this process knows and decides about a service right now. Times in ms, rounded. */
export interface UpstreamState {
  readonly service: string;
  readonly balance: Balance;
  readonly lookup: 'asking' | 'known' | 'unreachable';
  readonly why?: string | undefined;
  /** Retries that the budget allows at this moment. */
  readonly retriesLeft: number;
  readonly queued: number;
  /** Of the service's answers; absent while too few were seen. */
  readonly p99Ms?: number | undefined;
  readonly inFlightMax: number;
  readonly instances: readonly EndpointState[];
  /** Where the latest attempts went, and why; the latest first. */
  readonly choices: readonly ChoiceState[];
}

export interface ChoiceState {
  readonly agoMs: number;
  readonly instance: string;
  readonly attempt: number;
  readonly by: ChosenBy;
  readonly passedOver?: readonly PassedOver[] | undefined;
}

export interface EndpointState {
  readonly id: string;
  readonly address: string;
  readonly state: InstanceState;
  readonly zone?: string | undefined;
  readonly weight: number;
  /** Whether it is among those that the balancer chooses from. */
  readonly use: 'preferred' | 'reserve' | 'ejected' | 'avoided' | 'full' | 'not-ready';
  /** The whole reason, for people. */
  readonly why: string;
  readonly inFlight: number;
  readonly streams: number;
  /** What the balancer expects of its next answer, and its score: lower is better. */
  readonly latencyMs: number;
  readonly score: number;
  /** Attempts of the last ten seconds. */
  readonly good: number;
  readonly bad: number;
  readonly picks: number;
  readonly breaker: 'closed' | 'open' | 'half-open';
  readonly nextProbeInMs?: number | undefined;
  /** Share of a full load, below 1 while it warms up or weighs less than others. */
  readonly appetite: number;
}

export interface ExplainedPolicy {
  readonly service: string;
  readonly balance: Balance;
  readonly inFlightMax: number;
}

export function explainUpstream(
  core: UpstreamCore<unknown>,
  policy: ExplainedPolicy,
  nowMs: number,
): UpstreamState {
  const { view, fleet } = core;
  const p99Ms = core.patience.p99Ms(nowMs);
  return {
    ...policy,
    lookup: view.status,
    ...(view.status === 'unreachable' ? { why: view.why } : {}),
    retriesLeft: Math.floor(core.budget.left(nowMs)),
    queued: core.queued,
    ...(p99Ms === undefined ? {} : { p99Ms: round(p99Ms) }),
    instances: [...fleet.endpoints.values()].map((endpoint) => explainEndpoint(core, endpoint, nowMs)),
    choices: core.choices.all().map(({ atMs, ...choice }) => ({ agoMs: round(nowMs - atMs), ...choice })),
  };
}

function explainEndpoint(core: UpstreamCore<unknown>, endpoint: Endpoint, nowMs: number): EndpointState {
  const { instance, recent, breaker } = endpoint;
  recent.forget(nowMs);
  const isOpen = breaker.state !== 'closed';
  const probeAtMs = Math.max(breaker.probeAtMs, endpoint.avoidUntilMs);
  return {
    id: instance.id,
    address: `${instance.host}:${instance.port}`,
    state: instance.state,
    ...(instance.zone === undefined ? {} : { zone: instance.zone }),
    weight: instance.weight,
    ...standingOf(core, endpoint, nowMs),
    inFlight: endpoint.inFlight,
    streams: endpoint.streams,
    latencyMs: round(endpoint.latency.at(nowMs)),
    score: round(endpoint.score(nowMs)),
    good: recent.good,
    bad: recent.bad,
    picks: endpoint.picks,
    breaker: breaker.state,
    ...(isOpen ? { nextProbeInMs: round(Math.max(0, probeAtMs - nowMs)) } : {}),
    appetite: Math.round(endpoint.appetite(nowMs) * 100) / 100,
  };
}

function standingOf(
  core: UpstreamCore<unknown>,
  endpoint: Endpoint,
  nowMs: number,
): Pick<EndpointState, 'use' | 'why'> {
  const { fleet } = core;
  const { breaker, instance } = endpoint;
  if (!fleet.eligible.includes(endpoint)) {
    const why = instance.weight === 0 ? 'its weight is 0' : `it is ${instance.state}`;
    return { use: 'not-ready', why: `gets no new calls: ${why}` };
  }
  if (breaker.isProbing) return { use: 'ejected', why: `${breaker.why}; its probe is under way` };
  if (endpoint.isEjected) {
    const inMs = Math.max(breaker.probeAtMs, endpoint.avoidUntilMs) - nowMs;
    const next =
      inMs > 0
        ? `the next probe goes in ${inS(inMs)} s`
        : 'the next call that may be repeated is its probe';
    return { use: 'ejected', why: `${breaker.why}; ${next}` };
  }
  if (nowMs < endpoint.avoidUntilMs) {
    const cause = endpoint.hasRefused ? 'it could not be reached' : 'it asked for time';
    return { use: 'avoided', why: `${cause}; tried again in ${inS(endpoint.avoidUntilMs - nowMs)} s` };
  }
  if (fleet.isFull(endpoint)) return { use: 'full', why: 'it has as many calls under way as it may have' };
  if (!fleet.preferred.includes(endpoint)) return { use: 'reserve', why: 'it is in another zone' };
  return { use: 'preferred', why: conditionOf(endpoint, nowMs) };
}

/** What makes a usable instance less wanted than others. */
function conditionOf(endpoint: Endpoint, nowMs: number): string {
  const silentMs = endpoint.silentMs(nowMs);
  if (silentMs >= limits.attemptTimeoutMinMs)
    return `silent for ${inS(silentMs)} s while calls wait for it`;
  const { silences } = endpoint;
  if (silences > 0) return `silent for ${silences} ${silences === 1 ? 'attempt' : 'attempts in a row'}`;
  if (endpoint.penaltyMs(nowMs) > limits.latencyToldApartMs)
    return 'failed a moment ago, chosen less for now';
  return endpoint.isRamping(nowMs) ? 'warming up' : 'healthy';
}

const inS = (ms: number): string => (ms / 1_000).toFixed(1);

const round = (value: number): number => Math.round(value * 10) / 10;
