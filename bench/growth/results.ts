import { report, target } from '../measure/report.ts';
import { conclusions } from './conclusions.ts';
import type { Figures, Sizes } from './figures.ts';
import { method } from './method.ts';
import type { MeasuredAxis } from './pictures.ts';
import type { Axis } from './settings.ts';

export function writeResults(measured: readonly MeasuredAxis[], twoCopies: Figures): void {
  report('growth', [
    { title: 'What grows', lines: conclusions(measured) },
    {
      title: 'Tokens',
      lines: ['![Size of tokens](growth-token.svg)', '', ...tokenTable(measured)],
    },
    {
      title: 'Replication',
      lines: ['![Bytes of replication](growth-bytes.svg)', '', ...bytesTable(measured, twoCopies)],
    },
    { title: 'Idle', lines: idleTable(measured) },
    { title: 'Targets', lines: targetLines(measured) },
    { title: 'Method', lines: method(measured) },
  ]);
}

function tokenTable(measured: readonly MeasuredAxis[]): string[] {
  const sizes = ({ mean, p50, p99, max }: Sizes): string[] => [
    mean.toFixed(1),
    `${p50}`,
    `${p99}`,
    `${max}`,
  ];
  const head = ['mean', 'p50', 'p99', 'max', 'readers: mean', 'p50', 'p99', 'max', 'entries, max'];
  return tableOf(head, measured, ({ tokens, readersTokens, entriesMax }) => [
    ...sizes(tokens),
    ...sizes(readersTokens),
    `${entriesMax}`,
  ]);
}

function bytesTable(measured: readonly MeasuredAxis[], twoCopies: Figures): string[] {
  const head = [
    'bytes/write',
    'for each other replica',
    'writes',
    'claims',
    'anti-entropy',
    'acks',
    'else',
  ];
  const cells = ({ setting, perWrite, perWriteTotal }: Figures): string[] => {
    const { writes, claims, antiEntropy, acks } = perWrite;
    const rest = perWriteTotal - writes - claims - antiEntropy - acks;
    const shown = [
      perWriteTotal,
      perWriteTotal / (setting.replicas - 1),
      writes,
      claims,
      antiEntropy,
      acks,
    ];
    return [...shown, rest].map(number);
  };
  return [
    ...tableOf(head, measured, cells),
    `| 3 replicas, each write confirmed by 2 disks | ${cells(twoCopies).join(' | ')} |`,
  ];
}

function idleTable(measured: readonly MeasuredAxis[]): string[] {
  const head = ['bytes/s', 'anti-entropy', 'heartbeats', 'entries of a vector', 'pairs of claims'];
  return tableOf(head, measured, ({ idlePerS, idlePerSTotal, origins, claimPairs }) =>
    [idlePerSTotal, idlePerS.antiEntropy, idlePerS.heartbeats, origins, claimPairs].map(number),
  );
}

function tableOf(
  head: readonly string[],
  measured: readonly MeasuredAxis[],
  cells: (figures: Figures) => readonly string[],
): string[] {
  const lines = [`| | ${head.join(' | ')} |`, `|---|${'---:|'.repeat(head.length)}`];
  for (const { axis, figures } of measured) {
    for (const [index, each] of figures.entries()) {
      lines.push(`| ${nameOf(axis, index)} | ${cells(each).join(' | ')} |`);
    }
  }
  return lines;
}

function nameOf({ values, label }: Axis, index: number): string {
  return `${number(values[index] ?? 0)} ${label}`;
}

/** Sums of shares may come to a little less than nothing. */
function number(value: number): string {
  return Math.max(0, value).toLocaleString('en', { maximumFractionDigits: value < 10 ? 1 : 0 });
}

/** What the design promises of tokens. Of means: with three replicas p99 and max are at their top. */
function targetLines(measured: readonly MeasuredAxis[]): string[] {
  const most = Math.max(
    ...measured.flatMap(({ figures }) => figures.map((each) => each.entriesMax / each.setting.replicas)),
  );
  const compared = (text: string, name: Axis['name'], of: (figures: Figures) => Sizes): string => {
    const means =
      measured.find(({ axis }) => axis.name === name)?.figures.map((each) => of(each).mean) ?? [];
    const [first, last] = [means[0], means.at(-1)] as readonly [number, number];
    const shown = `on average ${first.toFixed(1)} and ${last.toFixed(1)} bytes`;
    return target(`${text} no more than a tenth larger`, last <= first * 1.1, shown);
  };
  return [
    target('a token has at most one entry for each replica', most <= 1, `at most ${most} for each`),
    compared('tokens with 10,000 clients instead of 10', 'clients', ({ tokens }) => tokens),
    compared('tokens after 100 restarts instead of none', 'restarts', ({ tokens }) => tokens),
    compared('those of clients that only read, likewise', 'restarts', (each) => each.readersTokens),
  ];
}
