import { runSeeds } from 'holdfast/simulator';
import { expect, it } from 'vitest';
import { causalScenario } from './scenario.ts';

const seeds = 50;

it(`keeps its promises in ${seeds} runs, and tells the same story twice`, { timeout: 300_000 }, () => {
  const scenario = causalScenario();
  const twice = runSeeds(scenario, { seeds: 5, twice: true, transcriptLines: 40 });
  expect(twice.failures).toEqual([]);
  const { failures, runs } = runSeeds(scenario, { firstSeed: 6, seeds: seeds - 5, transcriptLines: 40 });
  expect(failures).toEqual([]);
  expect(runs + twice.runs).toBe(seeds);
});
