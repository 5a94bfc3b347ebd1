import { describe, expect, it } from 'vitest';
import { allCanaries, canaries } from './catalog.ts';
import { parseOptions, type SimulationOptions } from './options.ts';
import { findCanary, runSession } from './session.ts';

function run(options: Partial<SimulationOptions>, regressions = new Map<string, readonly number[]>()) {
  const lines: string[] = [];
  const all = { scenario: undefined, seed: undefined, seeds: 3, trace: false, ...options };
  const sum = runSession({ options: all, regressions, print: (line) => lines.push(line) });
  return { ...sum, lines };
}

describe('npm run sim', () => {
  it('runs every scenario, the regressions first, and the canaries', { timeout: 400_000 }, () => {
    const { passed, failed, lines } = run({}, new Map([['registry', [1404]]]));
    expect([passed, failed]).toEqual([4, 0]);
    const perScenario = lines.filter((line) => !line.startsWith(' '));
    expect(perScenario[0]).toMatch(
      /^registry: 1 regressions and 3 seeds, \d+ events, \d+ events\/s: passed$/,
    );
    expect(perScenario[1]).toMatch(/^calls: 3 seeds, .*: passed$/);
    expect(perScenario[2]).toMatch(/^causal: 3 seeds, .*: passed$/);
    expect(perScenario[3]).toMatch(/^canaries: (\d+) of \1 planted bugs found: passed$/);
  });

  it('shows what fails: the end of the story, what broke, how to see it again', () => {
    const { passed, failed, lines } = run({ scenario: 'registry-no-renewal' });
    expect([passed, failed]).toEqual([0, 1]);
    const text = lines.join('\n');
    expect(text).toMatch(/registry-no-renewal fails with seed \d+ after .* s: .+/);
    expect(text).toMatch(/^Replay: npm run sim -- --scenario=registry-no-renewal --seed=\d+$/m);
    expect(text.split('\n').filter((line) => / ms {2}/.test(line))).toHaveLength(40);
    expect(lines.at(-1)).toMatch(/^registry-no-renewal: .*: FAILED$/);
  });

  it('tells one seed in full, twice, and the same each time', () => {
    const first = run({ scenario: 'registry', seed: 7 });
    const second = run({ scenario: 'registry', seed: 7 });
    expect(first.lines).toEqual(second.lines);
    expect(first.lines.length).toBeGreaterThan(1000);
    expect(first.lines.join('\n')).not.toContain('left out');
    expect(first.lines.at(-1)).toMatch(/^registry: seed 7, .* trace [0-9a-f]{16}, twice the same: passed$/);
    expect(run({ scenario: 'registry', seed: 8 }).lines.at(-1)).not.toBe(first.lines.at(-1));
  });
});

describe('planted bugs', () => {
  const byName = canaries.map((canary) => [canary.scenario.name, canary] as const);
  it.each(byName)('%s is found', { timeout: 400_000 }, (_, canary) => {
    const lines: string[] = [];
    expect(
      findCanary(canary, (line) => lines.push(line)),
      lines.join('\n'),
    ).toBe(true);
  });
});

describe('its options', () => {
  it.each([
    [[], { scenario: undefined, seed: undefined, seeds: undefined, trace: false }],
    [
      ['--scenario=registry', '--seed=0'],
      { scenario: 'registry', seed: 0, seeds: undefined, trace: false },
    ],
    [['--seeds', '50'], { scenario: undefined, seed: undefined, seeds: 50, trace: false }],
    [
      ['--scenario', allCanaries, '--trace'],
      { scenario: allCanaries, seed: undefined, seeds: undefined, trace: true },
    ],
  ])('%j', (args, options) => {
    expect(parseOptions(args)).toEqual({ ok: true, options });
  });

  it.each([
    [['--scenario=nothing'], /There is no scenario "nothing"/],
    [['--seed=x'], /--seed takes a whole number from 0/],
    [['--seeds=0'], /--seeds takes a whole number from 1/],
    [['--seed=4294967296'], /--seed takes a whole number/],
    [['--sedes=1'], /--sedes/],
    [['--help'], /^npm run sim/],
  ])('%j is answered with how it is done', (args, text) => {
    const parsed = parseOptions(args);
    expect(parsed.ok ? '' : parsed.text).toMatch(text);
    expect(parsed.ok ? '' : parsed.text).toMatch(/Scenarios:\n {2}registry/);
  });
});
