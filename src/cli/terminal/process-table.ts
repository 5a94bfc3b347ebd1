import type { ProcessState } from '../up/core/supervisor.ts';
import type { ProcessRow } from '../up/wire.ts';
import type { Output } from './output.ts';
import { type Cell, tableLines } from './table.ts';

const paints: Readonly<Record<ProcessState, string>> = {
  starting: '33',
  ready: '32',
  draining: '33',
  stopped: '2',
  paused: '35',
  'backing-off': '31',
};

/**
 * What runs where. `detailed` adds restarts and since when, and zones and weights where the topology sets
 * any; troubles are always told.
 */
export function processTable(
  output: Output,
  rows: readonly ProcessRow[],
  options: { readonly detailed: boolean; readonly wallMs: number },
): string[] {
  const troubled = rows.some(({ problem }) => problem !== null);
  const zoned = options.detailed && rows.some(({ zone }) => zone !== null);
  const weighted = options.detailed && rows.some(({ weight }) => weight !== null);
  const columns = [
    { title: 'service' },
    { title: 'instance' },
    { title: 'pid', right: true },
    { title: 'port', right: true },
    ...(zoned ? [{ title: 'zone' }] : []),
    ...(weighted ? [{ title: 'weight', right: true }] : []),
    { title: 'state' },
    ...(options.detailed
      ? [
          { title: 'restarts', right: true },
          { title: 'since', right: true },
        ]
      : []),
    ...(troubled ? [{ title: 'problem' }] : []),
  ];
  const cells = rows.map((row): Cell[] => [
    { text: row.service },
    { text: row.instance },
    { text: row.pid === null ? '-' : String(row.pid) },
    { text: String(row.port) },
    ...(zoned ? [{ text: row.zone ?? '-' }] : []),
    ...(weighted ? [{ text: row.weight === null ? '-' : String(row.weight) }] : []),
    { text: row.state, paint: paints[row.state] },
    ...(options.detailed
      ? [
          { text: String(row.restarts), paint: row.restarts > 0 ? '33' : undefined },
          { text: age(options.wallMs - Date.parse(row.since)) },
        ]
      : []),
    { text: row.problem ?? '', paint: '31' },
  ]);
  return tableLines(output, columns, cells);
}

/** `8 s`, `5 min`, `3 h`, `2 d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
