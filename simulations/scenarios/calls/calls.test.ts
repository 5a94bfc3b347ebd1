import { runSeeds } from 'holdfast/simulator';
import { expect, it } from 'vitest';
import { callsScenario } from './scenario.ts';

const seeds = 500;

it(`holds all rules in ${seeds} runs, and tells the same story twice`, { timeout: 300_000 }, () => {
  const scenario = callsScenario();
  const twice = runSeeds(scenario, { seeds: 10, twice: true, transcriptLines: 40 });
  expect(twice.failures).toEqual([]);
  const { failures, runs } = runSeeds(scenario, { firstSeed: 11, seeds: seeds - 10, transcriptLines: 40 });
  expect(failures).toEqual([]);
  expect(runs + twice.runs).toBe(seeds);
});
