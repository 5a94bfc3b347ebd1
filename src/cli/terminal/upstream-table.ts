import type { EndpointState, UpstreamState } from '../../calls/index.ts';
import type { Output } from './output.ts';
import { type Cell, tableLines } from './table.ts';

const paints: Readonly<Record<EndpointState['use'], string>> = {
  preferred: '32',
  reserve: '2',
  ejected: '31',
  avoided: '33',
  full: '33',
  'not-ready': '2',
};

/** How one process calls one service: a line about all of it, then a row an instance. */
export function upstreamLines(output: Output, caller: string, upstream: UpstreamState): string[] {
  const { service, lookup, why, instances } = upstream;
  const head = `${output.bold(caller)} calls ${output.bold(service)}: ${summaryOf(upstream)}`;
  if (lookup === 'unreachable') return [head, `  It cannot be looked up: ${why}`];
  if (instances.length === 0) return [head, '  No instance is known.'];
  const columns = [
    { title: 'instance' },
    { title: 'address' },
    ...(instances.some(({ zone }) => zone !== undefined) ? [{ title: 'zone' }] : []),
    ...(instances.some(({ weight }) => weight !== 1) ? [{ title: 'weight', right: true }] : []),
    { title: 'in flight', right: true },
    { title: 'latency', right: true },
    { title: 'score', right: true },
    { title: 'good', right: true },
    { title: 'bad', right: true },
    { title: 'chosen', right: true },
    { title: 'use' },
    { title: 'why' },
  ];
  const rows = instances.map((each): Cell[] => [
    { text: each.id },
    { text: each.address },
    ...(instances.some(({ zone }) => zone !== undefined) ? [{ text: each.zone ?? '-' }] : []),
    ...(instances.some(({ weight }) => weight !== 1) ? [{ text: String(each.weight) }] : []),
    { text: String(each.inFlight + each.streams) },
    { text: `${each.latencyMs} ms` },
    { text: String(each.score) },
    { text: String(each.good) },
    { text: String(each.bad), paint: each.bad > 0 ? '31' : undefined },
    { text: String(each.picks) },
    { text: each.use, paint: paints[each.use] },
    { text: each.why },
  ]);
  return [head, ...tableLines(output, columns, rows).map((line) => `  ${line}`), ...latestLine(upstream)];
}

function latestLine({ choices: [latest] }: UpstreamState): string[] {
  if (latest === undefined) return [];
  const { agoMs, instance, by, passedOver = [] } = latest;
  const passed = passedOver.map((each) => `${each.instance} (${each.why})`).join(', ');
  const why = passed === '' ? '' : `, passing over ${passed}`;
  return [`  The latest attempt went to ${instance} ${(agoMs / 1_000).toFixed(1)} s ago, by ${by}${why}.`];
}

function summaryOf({ balance, p99Ms, retriesLeft, queued, inFlightMax }: UpstreamState): string {
  const p99 = p99Ms === undefined ? 'p99 not known yet' : `p99 ${p99Ms} ms`;
  const parts = [
    balance,
    p99,
    `${retriesLeft} retries in the budget`,
    `at most ${inFlightMax} in flight each`,
  ];
  if (queued > 0) parts.push(`${queued} calls wait for room`);
  return `${parts.join(', ')}.`;
}
