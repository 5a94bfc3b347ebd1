import { describe, expect, it } from 'vitest';
import { assert } from '../std/index.ts';
import {
  calm,
  describeFailure,
  type RunFailure,
  type RunResult,
  runScenario,
  runSeeds,
  type Scenario,
  type Simulation,
  type Subject,
} from './index.ts';

function scenario(run: (simulation: Simulation) => Subject): Scenario {
  return {
    name: 'tried',
    summary: 'tried out',
    faults: () => calm,
    safetyMs: 1000,
    convergenceMs: 500,
    run,
  };
}

function failureOf(result: RunResult): RunFailure {
  if (result.ok) throw new Error('It succeeded.');
  return result;
}

const settled: Subject = { unsettled: () => undefined };

describe('runScenario', () => {
  it('goes through both phases', () => {
    const phases: string[] = [];
    const result = runScenario(
      scenario((simulation) => {
        simulation.after(999, () => phases.push('load'));
        simulation.after(1001, () => phases.push('converging'));
        simulation.after(1200, () => phases.push('too late'));
        return {
          stopLoad: () => phases.push(`stop at ${simulation.nowMs}`),
          unsettled: () => (phases.includes('converging') ? undefined : 'not yet'),
          verdict: () => {
            phases.push('verdict');
            return undefined;
          },
        };
      }),
      3,
    );
    expect(phases).toEqual(['load', 'stop at 1000', 'converging', 'verdict']);
    expect(result).toMatchObject({ ok: true, scenario: 'tried', seed: 3, virtualMs: 1001, events: 2 });
    expect(result.traceHash).toMatch(/^[0-9a-f]{16}$/);
  });

  it('fails at the very event that breaks an invariant', () => {
    let value = 0;
    const failure = failureOf(
      runScenario(
        scenario((simulation) => {
          for (let ms = 1; ms <= 100; ms++) {
            simulation.after(ms, () => {
              value = ms;
              simulation.note('', 'value', String(ms));
            });
          }
          return { ...settled, invariant: () => (value < 42 ? undefined : `The value is ${value}.`) };
        }),
        1,
      ),
    );
    expect(failure.message).toBe('The value is 42.');
    expect(failure.virtualMs).toBe(42);
    expect(failure.transcript.at(-1)).toContain('42');
    expect(failure.transcript.length).toBe(42);
    expect(failure.replay).toBe('npm run sim -- --scenario=tried --seed=1');
  });

  it('takes whatever is thrown for a failure, with its stack', () => {
    const failure = failureOf(
      runScenario(
        scenario((simulation) => {
          simulation.host('a').boot(({ clock }) => {
            clock.setTimer(10, () => assert(false, 'one and one are two'));
          });
          return settled;
        }),
        1,
      ),
    );
    expect(failure.message).toBe('AssertionFailure: Broken invariant: one and one are two');
    expect(describeFailure(failure)).toContain('run.test.ts');
  });

  it('fails what does not converge, and what does not stand up to the verdict', () => {
    const never = scenario(() => ({ unsettled: () => 'Two differ.' }));
    expect(failureOf(runScenario(never, 1)).message).toBe(
      'Not converged 0.5 s after everything healed: Two differ.',
    );
    const wrong = scenario(() => ({ ...settled, verdict: () => 'One is lost.' }));
    expect(failureOf(runScenario(wrong, 1)).message).toBe('One is lost.');
  });
});

describe('runSeeds', () => {
  const oddFails = scenario((simulation) => ({
    ...settled,
    verdict: () => (simulation.seed % 2 === 1 ? 'Odd.' : undefined),
  }));

  it('stops at the first failure, or after as many as it is told', () => {
    expect(runSeeds(oddFails, { seeds: 10, firstSeed: 2 })).toMatchObject({
      runs: 2,
      failures: [{ seed: 3 }],
    });
    const all = runSeeds(oddFails, { seeds: 10, failuresMax: 10 });
    expect(all.runs).toBe(10);
    expect(all.failures.map((failure) => failure.seed)).toEqual([1, 3, 5, 7, 9]);
  });

  it('finds out what is not deterministic', () => {
    let run = 0;
    const restless = scenario((simulation) => {
      run++;
      simulation.after(1, () => simulation.note('', 'run', String(run)));
      return settled;
    });
    expect(runSeeds(restless, { seeds: 1 }).failures).toEqual([]);
    const [failure] = runSeeds(restless, { seeds: 1, twice: true }).failures;
    expect(failure?.message).toContain('not deterministic');
    expect(failure?.replay).toContain('--seed=1');
  });
});
