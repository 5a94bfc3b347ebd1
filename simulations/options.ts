import { parseArgs } from 'node:util';
import { allCanaries, canaries, scenarios, seedsByDefault } from './catalog.ts';

export interface SimulationOptions {
  /** Names of what to run: scenarios, one canary, or all of them. */
  readonly scenario: string | undefined;
  /** One seed, shown in full. */
  readonly seed: number | undefined;
  /** How many seeds of each, from 1; undefined: as many as each scenario is worth. */
  readonly seeds: number | undefined;
  /** Shows the whole story of every run. */
  readonly trace: boolean;
}

/** What the command line asks for, or what to print instead of running. */
export function parseOptions(
  args: readonly string[],
):
  | { readonly ok: true; readonly options: SimulationOptions }
  | { readonly ok: false; readonly text: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        scenario: { type: 'string' },
        seed: { type: 'string' },
        seeds: { type: 'string' },
        trace: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return { ok: false, text: help() };
    const options = {
      scenario: readScenario(values.scenario),
      seed: values.seed === undefined ? undefined : readNumber('--seed', values.seed, 0),
      seeds: values.seeds === undefined ? undefined : readNumber('--seeds', values.seeds, 1),
      trace: values.trace,
    };
    return { ok: true, options };
  } catch (error) {
    return { ok: false, text: `${(error as Error).message}\n\n${help()}` };
  }
}

function readScenario(name: string | undefined): string | undefined {
  const names = [...scenarios, ...canaries.map(({ scenario }) => scenario)].map(
    (scenario) => scenario.name,
  );
  if (name === undefined || name === allCanaries || names.includes(name)) return name;
  throw new Error(`There is no scenario "${name}".`);
}

function readNumber(option: string, text: string, least: number): number {
  const number = Number(text);
  if (/^\d{1,10}$/.test(text) && number >= least && number < 2 ** 32) return number;
  throw new Error(`${option} takes a whole number from ${least} to ${2 ** 32 - 1}, not "${text}".`);
}

export function help(): string {
  const seedsOfEach = scenarios.map((each) => `${each.name} ${seedsByDefault(each)}`).join(', ');
  const line = (name: string, text: string): string => `  ${name.padEnd(34)} ${text}`;
  return [
    'npm run sim -- [--scenario=NAME] [--seeds=N] [--seed=N] [--trace]',
    '',
    line('--scenario=NAME', 'only this one'),
    line('--seeds=N', `so many runs of each, from seed 1 (${seedsOfEach})`),
    line('--seed=N', 'one run with its whole story, twice: the traces must be equal'),
    line('--trace', 'the whole story of every run'),
    '',
    'Scenarios:',
    ...scenarios.map(({ name, summary }) => line(name, summary)),
    line(allCanaries, 'every planted bug below must be found'),
    '',
    'Planted bugs, each a scenario that must fail:',
    ...canaries.map(({ scenario, bug }) => line(scenario.name, bug)),
  ].join('\n');
}
