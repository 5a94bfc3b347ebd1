import { expect, it } from 'vitest';
import type { VisibilityResult } from './load.ts';
import { targetLine } from './visibility.ts';

const good: VisibilityResult = {
  written: 20_000,
  late: 0,
  unwatched: 0,
  lost: 0,
  reads: 6_000,
  seen: 5_000,
  errors: {},
  latencyUs: { p50: 800, p99: 1_800, p999: 9_000, max: 17_000 },
};
const nothing = { p50: 0, p99: 0, p999: 0, max: 0 };

it('a quick run in which nothing went wrong meets the target', () => {
  expect(targetLine([good, good])).toMatch(
    /^- met: .*1\.80 ms of 10,000 seen, 0 lost, 0 errors, 0\.00 % not made or not watched\)$/,
  );
});

it.each<[string, Partial<VisibilityResult>]>([
  ['is slow', { latencyUs: { ...good.latencyUs, p99: 90_000 } }],
  ['loses a write', { lost: 1 }],
  ['has an error', { errors: { 503: 1 } }],
  ['makes too few writes', { late: 1_000 }],
  ['sees nothing', { seen: 0, latencyUs: nothing }],
  ['only fails', { seen: 0, written: 0, latencyUs: nothing, errors: { 503: 20_000 } }],
])('one that %s does not', (_, bad) => {
  expect(targetLine([{ ...good, ...bad }])).toMatch(/^- \*\*not met\*\*: /);
});

it('nor does one in which a single round saw nothing', () => {
  expect(targetLine([good, { ...good, seen: 0, latencyUs: nothing }, good])).toContain('**not met**');
  expect(targetLine([])).toContain('**not met**');
});
