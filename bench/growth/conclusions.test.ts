import { expect, it } from 'vitest';
import { conclusions } from './conclusions.ts';
import type { Figures, Sizes } from './figures.ts';
import { axes, settingOn } from './settings.ts';
import { purposes } from './traffic.ts';

const sizes = (mean: number): Sizes => ({ mean, p50: mean, p99: 2 * mean, max: 3 * mean });
const none = Object.fromEntries(purposes.map((purpose) => [purpose, 0])) as unknown as Figures['perWrite'];

/** As a store does it that keeps its promises: nothing grows but with the replicas. */
function figuresFor(setting: Figures['setting']): Figures {
  const { replicas, restarts } = setting;
  const origins = replicas + restarts;
  const perWrite = { ...none, writes: 150 * (replicas - 1), claims: replicas ** 3, antiEntropy: 10 };
  return {
    setting,
    tokens: sizes(20),
    readersTokens: sizes(20),
    entriesMax: replicas,
    perWrite,
    perWriteTotal: perWrite.writes + perWrite.claims + perWrite.antiEntropy,
    idlePerS: none,
    idlePerSTotal: 100 * origins,
    origins,
    claimPairs: replicas * origins,
    writesPerS: 100,
    failures: 0,
    spread: 0,
  };
}

/** What is said when the figures are those, changed where it is told. */
function said(change: (figures: Figures) => Partial<Figures> = () => ({})): string {
  const measured = axes.map((axis) => ({
    axis,
    figures: axis.values.map((value) => {
      const figures = figuresFor(settingOn(axis, value));
      return { ...figures, ...change(figures) };
    }),
  }));
  return conclusions(measured).join(' ').replace(/\s+/g, ' ');
}

it('says what was measured', () => {
  expect(said()).toContain('A token has at most 1 entry for each replica: up to 60 bytes with 3 replicas');
  expect(said()).toContain('costs 150 to 150 bytes for each other replica, so it grows in proportion.');
  expect(said()).toContain(
    'claims grew with the power 3.0 of their number, anti-entropy with 0.0, records',
  );
  expect(said()).toContain('Tokens do not grow with their number, writes do not grow with their number.');
  expect(said()).toContain('on average before the first and 20.0 after 100: tokens do not grow');
  expect(said()).toContain('with the power 1.0 of the number of incarnations: those that incarnations');
  expect(said()).toContain('which are gone have made are forgotten.');
});

it.each<[string, (figures: Figures) => Partial<Figures>, string]>([
  ['entries', ({ setting }) => ({ entriesMax: 2 * setting.replicas }), 'at most 2 entries for each'],
  [
    'records',
    ({ setting, perWrite }) => ({ perWrite: { ...perWrite, writes: setting.replicas ** 2 } }),
    'so it grows out of proportion.',
  ],
  ['tokens with clients', ({ setting }) => ({ tokens: sizes(setting.clients) }), 'Tokens grow by 99900 %'],
  ['writes', ({ setting }) => ({ perWriteTotal: 990 + setting.clients }), 'writes grow by 999 %'],
  [
    'tokens with restarts',
    ({ setting }) => ({ tokens: sizes(10 + setting.restarts) }),
    'tokens grow by 1000 %',
  ],
  ['claims', ({ origins }) => ({ claimPairs: origins ** 2 }), 'which are gone have made are kept.'],
])('%s: says that they grow when they do', (_, change, sentence) => {
  expect(said()).not.toContain(sentence);
  expect(said(change)).toContain(sentence);
});

it('explains why tokens become smaller only when they do', () => {
  const explanation = 'more clients come back less often';
  expect(said()).not.toContain(explanation);
  expect(said(({ setting }) => ({ tokens: sizes(30 - Math.log10(setting.clients)) }))).toContain(
    explanation,
  );
});
