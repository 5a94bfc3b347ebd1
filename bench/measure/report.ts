import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import type { Row } from './rounds.ts';

const folder = path.resolve(import.meta.dirname, '../results');

/** Prints a result and writes it to bench/results/<name>.md: figures, targets, method, machine. */
export function report(name: string, sections: { title: string; lines: readonly string[] }[]): void {
  const text = [`# ${name}`, ''];
  for (const { title, lines } of sections) text.push(`## ${title}`, '', ...lines, '');
  text.push('## Machine', '', machine(), '');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${name}.md`), text.join('\n'));
  console.log(`\n${text.join('\n')}\nWritten to bench/results/${name}.md`);
}

export function table(rows: readonly Row[], reference: string): string[] {
  return [
    `| | requests/s | CPU us/request | throughput / ${reference} | CPU / ${reference} |`,
    '|---|---:|---:|---:|---:|',
    ...rows.map(
      (row) =>
        `| ${row.name} | ${Math.round(row.perS).toLocaleString('en')} | ${row.cpuUs.toFixed(1)} ` +
        `| ${row.ratio.toFixed(2)} | ${row.cpuRatio.toFixed(2)} |`,
    ),
  ];
}

/** A target and whether this run met it. */
export function target(text: string, met: boolean, measuredText: string): string {
  return `- ${met ? 'met' : '**not met**'}: ${text} (measured: ${measuredText})`;
}

function machine(): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const [cpu] = cpus();
  const day = new Date().toISOString().slice(0, 10);
  const processors = `${cpus().length} x ${cpu?.model ?? 'unknown'}`;
  return (
    `${day}, commit ${commit} or the change after it, Node ${process.versions.node}, ` +
    `${processors}, shared. ` +
    'Only the ratios mean anything.'
  );
}
