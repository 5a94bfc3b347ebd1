import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { report, target } from '../measure/report.ts';
import { median } from '../measure/rounds.ts';

const program = path.resolve(import.meta.dirname, '../../src/checkers/causal/check.bench.ts');
const rounds = 5;
const sizes = [10_000, 100_000, 1_000_000];
const small = [1_000, 2_000, 4_000];
const timeMaxS = 3;
const memoryMaxMib = 1_024;
const growthMax = 3;

type Checker = 'checker' | 'reference';
type Deletes = 'told' | 'untold';

interface Figures {
  /** Of each round, the processor time of the thread. */
  readonly cpuMs: readonly number[];
  readonly historyMib: number;
  readonly peakMib: number;
}

/** How long it takes to find that a history is causally consistent, and how that grows with its length. */
export async function benchCheckers(): Promise<void> {
  const told = sizes.map((size) => measure('checker', 'told', size));
  const untold = sizes.map((size) => measure('checker', 'untold', size));
  const fast = small.map((size) => measure('checker', 'untold', size));
  const slow = small.map((size) => measure('reference', 'untold', size));
  report('checkers', [
    { title: 'Causal consistency, gets tell which delete they saw', lines: table(told) },
    { title: 'Causal consistency, gets that find nothing tell nothing', lines: table(untold) },
    { title: 'Beside the second implementation', lines: comparison(fast, slow) },
    { title: 'Targets', lines: [...targets('told', told), ...targets('untold', untold)] },
    { title: 'Method', lines: method },
  ]);
}

function measure(checker: Checker, deletes: Deletes, operations: number): Figures {
  const args = [program, checker, deletes, `${operations}`, `${checker === 'checker' ? rounds : 1}`];
  const figures = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Figures;
  console.log(`${checker} ${deletes} ${operations}: ${median(figures.cpuMs).toFixed(0)} ms`);
  return figures;
}

function table(runs: readonly Figures[]): readonly string[] {
  return [
    '| operations | ms | best | ns/operation | peak MiB | of that before the check |',
    '|---:|---:|---:|---:|---:|---:|',
    ...runs.map(({ cpuMs, peakMib, historyMib }, index) => {
      const size = sizes[index] as number;
      const perOperation = (median(cpuMs) * 1e6) / size;
      return (
        `| ${number(size)} | ${number(median(cpuMs))} | ${number(Math.min(...cpuMs))} ` +
        `| ${number(perOperation)} | ${number(peakMib)} | ${number(historyMib)} |`
      );
    }),
  ];
}

function comparison(fast: readonly Figures[], slow: readonly Figures[]): readonly string[] {
  return [
    '| operations | checker ms | second implementation ms | ratio |',
    '|---:|---:|---:|---:|',
    ...small.map((size, index) => {
      const [ours, other] = [medianMs(fast[index]), medianMs(slow[index])];
      return `| ${number(size)} | ${ours.toFixed(1)} | ${number(other)} | ${number(other / ours)} |`;
    }),
  ];
}

function targets(deletes: Deletes, runs: readonly Figures[]): readonly string[] {
  const [bestS, peakMib] = [bestMs(runs.at(-1)) / 1_000, runs.at(-1)?.peakMib ?? Number.NaN];
  const growth = bestMs(runs.at(-1)) / bestMs(runs.at(-2)) / 10;
  return [
    target(`${deletes}: 10^6 operations in ${timeMaxS} s`, bestS < timeMaxS, `${bestS.toFixed(2)} s`),
    target(
      `${deletes}: in ${memoryMaxMib} MiB, the history included`,
      peakMib < memoryMaxMib,
      `${number(peakMib)} MiB`,
    ),
    target(
      `${deletes}: an operation of 10^6 costs at most ${growthMax} times one of 10^5`,
      growth < growthMax,
      `${growth.toFixed(2)} times`,
    ),
  ];
}

function bestMs(figures: Figures | undefined): number {
  return Math.min(...(figures?.cpuMs ?? []));
}

function medianMs(figures: Figures | undefined): number {
  return median(figures?.cpuMs ?? []);
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en');
}

const method = [
  '`npm run bench -- checkers`. One thread; processor time, since the machine had other work. Each row is',
  `a process of its own that checks one history ${rounds} times, the first before any code is compiled: the`,
  'median, and the best, which targets are of. The second implementation, which is cubic, runs once, and is',
  'put beside the median.',
  'Histories are right ones: of a seeded causal store in miniature, 50 sessions that move between 5',
  'replicas, 1,000 keys of which some are hotter, 30 % puts, 5 % deletes, 65 % gets, 2 % of the writes',
  'without an answer.',
  'Memory is resident memory: of Node, the store in miniature, the history, and what the check needs.',
];
