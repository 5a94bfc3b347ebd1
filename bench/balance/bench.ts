import { report, target } from '../measure/report.ts';
import { type Result, runExperiment, type Variant, variants } from './experiment.ts';

const seeds = [1, 2, 3, 4, 5];
/** Success in Linkerd's experiment: of round robin, least loaded and peak EWMA. */
const published: Readonly<Record<string, string>> = {
  'round-robin alone': '95 %',
  'least-in-flight alone': '99 %',
  'p2c alone': '99.9 %',
};
const best = 0.999;

/** One slow instance of ten, by balancer: the simulator says how many calls succeed. */
export async function benchBalance(): Promise<void> {
  const measured = variants.map((variant) => ({ variant, result: total(variant) }));
  const lines = [
    '| policy | published | success | calls into the slow one | p50 ms | p99 ms | p99.9 ms |',
    '|---|---:|---:|---:|---:|---:|---:|',
    ...measured.map(({ variant, result }) => row(variant, result)),
  ];
  const shares = new Map(measured.map(({ variant, result }) => [variant.name, share(result)]));
  const alone = shares.get('p2c alone') as number;
  const whole = shares.get('all defaults') as number;
  report('balance', [
    { title: 'One slow instance of ten, callers that wait 1 s', lines },
    {
      title: 'Targets',
      lines: [
        target('p2c alone at least 99.9 %, the best published', alone >= best, percent(alone)),
        target('all defaults at least as good', whole >= alone, percent(whole)),
      ],
    },
    {
      title: 'Method',
      lines: [
        '`npm run bench -- balance`. The experiment of "Beyond Round Robin: Load Balancing for Latency"',
        '(Linkerd, 2016) after its description, in the simulator: ten instances that answer in 5 ms and',
        'an exponential tail (mean 10 ms), one of them 2 s slower from second 15 to 45 of 60; 500 calls',
        'a second at random intervals, whatever the answers do; a call that takes 1 s has failed. The',
        `published figures are of its authors' own instances. ${seeds.length} seeds, all calls together;`,
        'virtual time, so that the same seeds give the same figures on any machine. "alone": no retry, no',
        'ejection. Calls that are not idempotent are never repeated once sent.',
      ],
    },
  ]);
}

function total(variant: Variant): Result {
  const results = seeds.map((seed) => runExperiment(variant, seed));
  const sum = (pick: (result: Result) => number): number =>
    results.reduce((all, result) => all + pick(result), 0);
  return {
    calls: sum(({ calls }) => calls),
    succeeded: sum(({ succeeded }) => succeeded),
    intoTheSlow: sum(({ intoTheSlow }) => intoTheSlow),
    p50Ms: sum(({ p50Ms }) => p50Ms) / seeds.length,
    p99Ms: sum(({ p99Ms }) => p99Ms) / seeds.length,
    p999Ms: sum(({ p999Ms }) => p999Ms) / seeds.length,
  };
}

const share = ({ succeeded, calls }: Result): number => succeeded / calls;
const percent = (value: number): string => `${(value * 100).toFixed(2)} %`;

function row({ name }: Variant, result: Result): string {
  const { intoTheSlow, p50Ms, p99Ms, p999Ms } = result;
  const quantiles = [p50Ms, p99Ms, p999Ms].map((ms) => Math.round(ms)).join(' | ');
  const perRun = Math.round(intoTheSlow / seeds.length);
  return `| ${name} | ${published[name] ?? ''} | ${percent(share(result))} | ${perRun} | ${quantiles} |`;
}
