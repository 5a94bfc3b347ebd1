import type { Scenario } from 'holdfast/simulator';
import { mutants as callsMutants } from './scenarios/calls/mutants.ts';
import { callsScenario } from './scenarios/calls/scenario.ts';
import { mutants as causalMutants, findings } from './scenarios/causal/mutants.ts';
import { causalScenario } from './scenarios/causal/scenario.ts';
import { type RegistryBug, registryBugs } from './scenarios/registry/bugs.ts';
import { registryScenario } from './scenarios/registry/scenario.ts';

/** A scenario with a mistake planted in it: some seed must make it fail, or the scenario proves nothing. */
export interface Canary {
  readonly scenario: Scenario;
  /** What is wrong, on purpose. */
  readonly bug: string;
  /** What a failure must say, where one check in particular has to find it. */
  readonly foundBy?: string | undefined;
}

export const scenarios: readonly Scenario[] = [registryScenario(), callsScenario(), causalScenario()];

export const canaries: readonly Canary[] = [
  ...Object.entries(registryBugs).map(([name, bug]) => ({
    scenario: registryScenario(name as RegistryBug),
    bug,
  })),
  ...callsMutants.map((mutant) => ({
    scenario: callsScenario(mutant),
    bug: mutant.bug,
    foundBy: `${mutant.rule}: `,
  })),
  ...causalMutants.map((mutant) => ({
    scenario: causalScenario(mutant),
    bug: mutant.bug,
    foundBy: findings[mutant.foundBy],
  })),
];

/** Runs of a scenario when nobody says how many: those that are short make up for it by their number. */
export function seedsByDefault({ name }: Scenario): number {
  return { calls: 10_000, causal: 2_000 }[name] ?? 100;
}

/** The name under which all canaries run together. */
export const allCanaries = 'canaries';

/** Seeds in which a canary must be found: one in some hundreds shows the rarest. */
export const canarySeedsMax = 1_000;
