import { Prng } from '../std/index.ts';
import { limits } from './limits.ts';
import type { Scenario, Subject } from './scenario.ts';
import { createSimulation, type Simulation } from './simulation.ts';
import { swarm } from './swarm.ts';
import { seedFor } from './trace.ts';

export interface RunFigures {
  readonly scenario: string;
  readonly seed: number;
  readonly traceHash: string;
  readonly events: number;
  readonly virtualMs: number;
}

export type RunResult =
  | ({ readonly ok: true } & RunFigures)
  | ({
      readonly ok: false;
      /** What broke, in one sentence. */
      readonly message: string;
      /** The error that was thrown, when one was. */
      readonly error: unknown;
      /** The one command that shows it again. */
      readonly replay: string;
      /** The last lines of the trace. */
      readonly transcript: readonly string[];
    } & RunFigures);

export type RunFailure = Extract<RunResult, { ok: false }>;

export interface RunOptions {
  /** Lines of the trace a failure shows; 60 by default. */
  readonly transcriptLines?: number | undefined;
}

export interface SeedsOptions extends RunOptions {
  /** How many seeds to run. */
  readonly seeds: number;
  /** The first of them; 1 by default. */
  readonly firstSeed?: number | undefined;
  /** Runs each seed a second time and fails it when the traces differ. */
  readonly twice?: boolean | undefined;
  /** Stops after this many failures; 1 by default. */
  readonly failuresMax?: number | undefined;
  readonly onRun?: ((result: RunResult) => void) | undefined;
}

export interface SeedsResult {
  readonly runs: number;
  readonly events: number;
  readonly failures: readonly RunFailure[];
}

/** Runs a scenario from one seed. Whatever it throws is its failure; nothing is thrown. */
export function runScenario(scenario: Scenario, seed: number, options: RunOptions = {}): RunResult {
  const chooseFaults = scenario.faults ?? ((prng: Prng) => swarm(prng));
  const simulation = createSimulation({
    seed,
    profile: chooseFaults(new Prng(seedFor(seed, 'profile'))),
    transcriptLines: options.transcriptLines ?? 60,
  });
  let message: string | undefined;
  let error: unknown;
  try {
    message = play(scenario, simulation);
  } catch (thrown) {
    error = thrown;
    message = thrown instanceof Broken ? thrown.message : String(thrown);
  }
  const figures: RunFigures = {
    scenario: scenario.name,
    seed,
    traceHash: simulation.traceHash(),
    events: simulation.events,
    virtualMs: simulation.nowMs,
  };
  if (message === undefined) return { ok: true, ...figures };
  const replay = replayCommand(scenario, seed);
  return { ok: false, ...figures, message, error, replay, transcript: simulation.transcript() };
}

/** Runs a scenario from many seeds. */
export function runSeeds(scenario: Scenario, options: SeedsOptions): SeedsResult {
  const failures: RunFailure[] = [];
  const firstSeed = options.firstSeed ?? 1;
  let runs = 0;
  let events = 0;
  for (let seed = firstSeed; seed < firstSeed + options.seeds; seed++) {
    let result = runScenario(scenario, seed, options);
    if (options.twice === true) result = compared(result, runScenario(scenario, seed, options), scenario);
    runs++;
    events += result.events;
    options.onRun?.(result);
    if (!result.ok) failures.push(result);
    if (failures.length >= (options.failuresMax ?? 1)) break;
  }
  return { runs, events, failures };
}

export function replayCommand(scenario: Scenario, seed: number): string {
  return `npm run sim -- --scenario=${scenario.name} --seed=${seed}`;
}

/** A failure as text: the end of the story, what broke, and how to see it again. */
export function describeFailure(failure: RunFailure): string {
  const { scenario, seed, message, replay, transcript, virtualMs, events } = failure;
  const cause = failure.error instanceof Error && failure.error.stack ? [failure.error.stack] : [];
  return [
    ...transcript,
    `${scenario} fails with seed ${seed} after ${events} events, ${virtualMs / 1000} s: ${message}`,
    ...cause,
    `Replay: ${replay}`,
  ].join('\n');
}

/** An invariant that does not hold: the way out of the middle of a run. */
class Broken extends Error {}

function play(scenario: Scenario, simulation: Simulation): string | undefined {
  const subject: Subject = scenario.run(simulation);
  const check = subject.invariant?.bind(subject);
  if (check !== undefined) {
    simulation.afterEachStep(() => {
      const broken = check();
      if (broken !== undefined) throw new Broken(broken);
    });
  }
  simulation.startFaults();
  simulation.runFor(scenario.safetyMs ?? limits.safetyMs);
  subject.stopLoad?.();
  simulation.heal();
  const convergenceMs = scenario.convergenceMs ?? limits.convergenceMs;
  let lacking = subject.unsettled();
  const settled = simulation.runUntil(() => {
    lacking = subject.unsettled();
    return lacking === undefined;
  }, convergenceMs);
  if (!settled) return `Not converged ${convergenceMs / 1000} s after everything healed: ${lacking}`;
  return subject.verdict?.();
}

function compared(first: RunResult, second: RunResult, scenario: Scenario): RunResult {
  if (first.traceHash === second.traceHash || !first.ok) return first;
  return {
    ...first,
    ok: false,
    message: `It is not deterministic: one seed gave the traces ${first.traceHash} and ${second.traceHash}.`,
    error: undefined,
    replay: replayCommand(scenario, first.seed),
    transcript: [],
  };
}
