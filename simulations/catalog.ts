import type { Scenario } from 'holdfast/simulator';
import { type CallsBug, callsScenario } from './scenarios/calls.ts';
import { type RegistryBug, registryBugs } from './scenarios/registry/bugs.ts';
import { registryScenario } from './scenarios/registry/scenario.ts';

/** A scenario with a mistake planted in it: some seed must make it fail, or the scenario proves nothing. */
export interface Canary {
  readonly scenario: Scenario;
  /** What is wrong, on purpose. */
  readonly bug: string;
}

export const scenarios: readonly Scenario[] = [registryScenario(), callsScenario()];

const callsBugs: Readonly<Record<CallsBug, string>> = {
  'claims-unsent': 'an attempt that may have taken effect is reported as never sent',
  'forgets-deadline': 'a call goes on long after its deadline',
};

export const canaries: readonly Canary[] = [
  ...Object.entries(registryBugs).map(([name, bug]) => ({
    scenario: registryScenario(name as RegistryBug),
    bug,
  })),
  ...Object.entries(callsBugs).map(([name, bug]) => ({ scenario: callsScenario(name as CallsBug), bug })),
];

/** The name under which all canaries run together. */
export const allCanaries = 'canaries';

/** Seeds in which a canary must be found. */
export const canarySeedsMax = 300;
