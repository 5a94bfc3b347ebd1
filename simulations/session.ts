import {
  describeFailure,
  type RunResult,
  runScenario,
  runSeeds,
  type Scenario,
  simulatorLimits,
} from 'holdfast/simulator';
import {
  allCanaries,
  type Canary,
  canaries,
  canarySeedsMax,
  scenarios,
  seedsByDefault,
} from './catalog.ts';
import type { SimulationOptions } from './options.ts';
import { Teller } from './teller.ts';

/** Lines of the story that a failure shows. */
const transcriptLines = 40;

/** The first seeds run twice: equal seeds must give equal traces. */
const seedsTwice = 3;

export interface Session {
  readonly options: SimulationOptions;
  readonly regressions: ReadonlyMap<string, readonly number[]>;
  readonly print: (line: string) => void;
}

/** Runs what the options ask for, a line for each scenario. */
export function runSession(session: Session): { readonly passed: number; readonly failed: number } {
  const { scenario: name } = session.options;
  const chosen = scenarios.filter((scenario) => name === undefined || scenario.name === name);
  const planted = canaries.filter(({ scenario }) => scenario.name === name);
  const results = [...chosen, ...planted.map(({ scenario }) => scenario)].map((scenario) =>
    runOne(session, scenario),
  );
  const wantsCanaries = name === allCanaries || (name === undefined && session.options.seed === undefined);
  if (wantsCanaries) results.push(runCanaries(session));
  const passed = results.filter((ok) => ok).length;
  return { passed, failed: results.length - passed };
}

function runOne(session: Session, scenario: Scenario): boolean {
  const { seed } = session.options;
  return seed === undefined ? runMany(session, scenario) : replay(session, scenario, seed);
}

/** One seed, its story told as it happens, and again in silence. */
function replay({ print }: Session, scenario: Scenario, seed: number): boolean {
  const teller = new Teller(scenario, print);
  const whole = { transcriptLines: simulatorLimits.transcriptLinesMax };
  const first = runScenario(teller.scenario, seed, whole);
  teller.tell();
  const second = runScenario(scenario, seed, whole);
  if (!first.ok) print(describeFailure({ ...first, transcript: [] }));
  const same = first.traceHash === second.traceHash;
  const twice = same ? 'twice the same' : `but ${second.traceHash} the second time: not deterministic`;
  const ok = first.ok && same;
  const length = `${first.events} events, ${(first.virtualMs / 1000).toFixed(3)} s`;
  print(`${scenario.name}: seed ${seed}, ${length}, trace ${first.traceHash}, ${twice}: ${verdict(ok)}`);
  return ok;
}

function runMany({ options, regressions, print }: Session, scenario: Scenario): boolean {
  const startedMs = performance.now();
  const teller = options.trace ? new Teller(scenario, print) : undefined;
  const known = regressions.get(scenario.name) ?? [];
  let events = 0;
  const failed: RunResult[] = [];
  const onRun = (result: RunResult): void => {
    events += result.events;
    teller?.tell();
    if (result.ok) return;
    failed.push(result);
    print(describeFailure(teller === undefined ? result : { ...result, transcript: [] }));
  };
  const run = (firstSeed: number, seeds: number, twice: boolean): void => {
    if (seeds < 1) return;
    const kept = teller === undefined ? transcriptLines : simulatorLimits.transcriptLinesMax;
    runSeeds(teller?.scenario ?? scenario, { firstSeed, seeds, twice, transcriptLines: kept, onRun });
  };
  for (const seed of known) run(seed, 1, true);
  const seeds = options.seeds ?? seedsByDefault(scenario);
  run(1, Math.min(seedsTwice, seeds), true);
  if (failed.length === 0) run(seedsTwice + 1, seeds - seedsTwice, false);
  const ok = failed.length === 0;
  const runs = `${known.length > 0 ? `${known.length} regressions and ` : ''}${seeds} seeds`;
  const perS = Math.round((events / (performance.now() - startedMs)) * 1000);
  print(`${scenario.name}: ${runs}, ${events} events, ${perS} events/s: ${verdict(ok)}`);
  return ok;
}

function runCanaries({ print }: Session): boolean {
  const lost = canaries.filter((canary) => !findCanary(canary, print));
  const found = canaries.length - lost.length;
  print(`${allCanaries}: ${found} of ${canaries.length} planted bugs found: ${verdict(lost.length === 0)}`);
  return lost.length === 0;
}

/** The seed that finds a planted bug, and how it shows. Failures that say something else do not count. */
export function findCanary(
  { scenario, bug, foundBy = '' }: Canary,
  print: (line: string) => void,
): boolean {
  const others: string[] = [];
  for (let seed = 1; seed <= canarySeedsMax; seed++) {
    const result = runScenario(scenario, seed, { transcriptLines: 0 });
    if (result.ok) continue;
    if (result.message.includes(foundBy)) {
      print(`  ${scenario.name}: found with seed ${seed}: ${result.message}`);
      return true;
    }
    others.push(`${seed}: ${result.message}`);
  }
  print(`  ${scenario.name}: NOT FOUND in ${canarySeedsMax} seeds: ${bug}`);
  const [other] = others;
  if (other !== undefined)
    print(`  ${scenario.name}: ${others.length} seeds fail, none with "${foundBy}", as with seed ${other}`);
  return false;
}

const verdict = (ok: boolean): string => (ok ? 'passed' : 'FAILED');
