import type { Outcome, UpstreamDriver } from 'holdfast/calls';

export type Core = UpstreamDriver['core'];
export type Endpoint = Core['fleet']['eligible'][number];
export type CoreEvent = Parameters<Core['step']>[0];
export type CoreEffect = ReturnType<Core['step']>[number];
export type Attempt = Extract<CoreEffect, { type: 'send' }>['attempt'];
export type CoreCall = Attempt['call'];

/** An instance as it stood before a step. */
export interface Standing {
  readonly isEligible: boolean;
  readonly isGone: boolean;
  readonly state: Endpoint['breaker']['state'];
  readonly epoch: number;
  readonly isProbing: boolean;
  readonly probeAtMs: number;
  readonly avoidUntilMs: number;
  readonly good: number;
  readonly bad: number;
  readonly badInARow: number;
  readonly latencyMs: number;
}

/** One step of a core: what went in, what came out, and what was there before. */
export interface Step {
  readonly core: Core;
  readonly event: CoreEvent;
  readonly effects: readonly CoreEffect[];
  readonly nowMs: number;
  readonly before: ReadonlyMap<Endpoint, Standing>;
  /** Retries taken off the budget in it. */
  readonly spent: number;
  /** Attempts that ended in it: by their outcome, or given up, which leaves none. */
  readonly ended: readonly { readonly attempt: Attempt; readonly outcome: Outcome | undefined }[];
  /** Attempts under way after it, as events and effects say. */
  readonly underWay: ReadonlySet<Attempt>;
}

export interface Check {
  stepped(step: Step): void;
}

/** Shows every step of a core to the checks, from now on. */
export function watch(core: Core, checks: readonly Check[]): void {
  const inner = core.step.bind(core);
  const underWay = new Set<Attempt>();
  core.step = (event) => {
    const before = standings(core, event);
    const budget = core.budget.left(event.nowMs);
    const effects = inner(event);
    const ended: { attempt: Attempt; outcome: Outcome | undefined }[] = [];
    if (event.type === 'outcome' && underWay.delete(event.attempt)) ended.push(event);
    for (const effect of effects) {
      if (effect.type === 'send') underWay.add(effect.attempt);
      if (effect.type !== 'abort' || !underWay.delete(effect.attempt)) continue;
      ended.push({ attempt: effect.attempt, outcome: undefined });
    }
    const { nowMs } = event;
    const spent = budget - core.budget.left(nowMs);
    const step: Step = { core, event, effects, nowMs, before, spent, ended, underWay };
    for (const check of checks) check.stepped(step);
    return effects;
  };
}

function standings(core: Core, event: CoreEvent): Map<Endpoint, Standing> {
  const before = new Map<Endpoint, Standing>();
  const { eligible, endpoints } = core.fleet;
  const add = (endpoint: Endpoint | undefined): void => {
    if (endpoint === undefined || before.has(endpoint)) return;
    before.set(endpoint, standing(endpoint, eligible.includes(endpoint), event.nowMs));
  };
  for (const endpoint of endpoints.values()) add(endpoint);
  // Those that are gone may still be heard of.
  if (event.type === 'outcome') add(event.attempt.endpoint);
  if (event.type === 'woken' || event.type === 'cancel') {
    add(event.call.first?.endpoint);
    add(event.call.second?.endpoint);
  }
  return before;
}

function standing(endpoint: Endpoint, isEligible: boolean, nowMs: number): Standing {
  const { breaker, recent, isGone, avoidUntilMs, latency } = endpoint;
  const { state, epoch, isProbing, probeAtMs } = breaker;
  const { good, bad, badInARow } = recent;
  const latencyMs = latency.at(nowMs);
  return {
    ...{ isEligible, isGone, avoidUntilMs, latencyMs },
    ...{ state, epoch, isProbing, probeAtMs },
    ...{ good, bad, badInARow },
  };
}

export function idOf(endpoint: Endpoint): string {
  return endpoint.instance.id;
}
