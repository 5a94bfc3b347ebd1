import { report, target } from '../measure/report.ts';
import { inOrderOf, median } from '../measure/rounds.ts';
import type { Latencies, Target, VisibilityResult } from './load.ts';
import { mustBeRight, prepare, stopAll } from './setting.ts';
import { startEtcd } from './stores/etcd.ts';
import { startKvs } from './stores/kvs.ts';

const rounds = 3;
const writesPerS = 1_000;
const connections = 256;
const keys = 10_000;
const warmupMs = 1_000;
const measuredMs = 20_000;
const p99MaxMs = 20;
/** From here on the writes that were not made or not looked for would have changed the figures. */
const missingShareMax = 0.001;

const ours = 'kvs, copies 1';

/** How long after one replica answered a write another one serves it. */
export async function benchKvsVisibility(): Promise<void> {
  const { load, folder, describe } = prepare();
  const kvs = await startKvs(folder);
  const etcd = await startEtcd(folder);
  try {
    const targets: Readonly<Record<string, Target>> = {
      [ours]: { protocol: 'kvs', addresses: kvs.addresses.slice(0, 2) },
      'kvs, copies 2': {
        protocol: 'kvs',
        addresses: kvs.addresses.slice(0, 2),
        options: ['--copies', '2'],
      },
      'etcd, gRPC': { protocol: 'etcd-grpc', addresses: etcd.addresses.slice(0, 2) },
    };
    const options = ['--connections', String(connections), '--keys', String(keys)];
    const pace = ['--per-s', String(writesPerS), '--warmup-ms', String(warmupMs)];
    const results = new Map<string, VisibilityResult[]>(Object.keys(targets).map((name) => [name, []]));
    for (const to of Object.values(targets)) {
      await load.run(to, 'fill', options);
      await mustBeRight(load, to);
    }
    for (let round = 1; round <= rounds; round++) {
      for (const [name, to] of inOrderOf(round, Object.entries(targets))) {
        const words = [...options, ...pace, '--measured-ms', String(measuredMs)];
        const result = await load.run(to, 'visibility', words);
        results.get(name)?.push(result);
        console.log(
          `round ${round} ${name.padEnd(16)} p99 ${(result.latencyUs.p99 / 1_000).toFixed(2)} ms`,
        );
      }
    }
    write(results, describe());
  } finally {
    await stopAll([kvs, etcd]);
  }
}

function write(
  results: ReadonlyMap<string, readonly VisibilityResult[]>,
  setting: readonly string[],
): void {
  report('kvs-visibility', [
    { title: `From an answer to a write until another replica serves it`, lines: tableOf(results) },
    {
      title: 'Targets',
      lines: [targetLine(results.get(ours) ?? [])],
    },
    {
      title: 'Method',
      lines: [
        '`npm run bench -- kvs-visibility`. Three replicas of each store, all running. The load',
        `program writes to the first at a fixed rate of ${writesPerS}/s, a unique value each time,`,
        `${keys} keys in turn. When a write is answered, for every fourth one, it reads that key from`,
        'the second replica at once and then each millisecond until it gets the value; the time is',
        "from the one answer to the other, so it is up to a millisecond and a read too long. etcd's",
        `reads are serializable: from what that member has. ${connections} connections, half of them`,
        `to each; ${warmupMs / 1_000} s to warm up, ${measuredMs / 1_000} s measured, ${rounds}`,
        'rounds, each beginning with another candidate; medians of the rounds, max of all. Late are',
        'writes for which no connection was free at their time, unwatched those for which no reader was,',
        'lost those that were not served within 5 s.',
        ...setting,
      ],
    },
  ]);
}

/** A round that saw nothing was slow in nothing: it meets no target. */
export function targetLine(own: readonly VisibilityResult[]): string {
  const p99Ms = latencyMs(own, 'p99');
  const sum = (of: (result: VisibilityResult) => number): number =>
    own.reduce((total, result) => total + of(result), 0);
  const missing = sum(({ late, unwatched }) => late + unwatched) / sum(({ written }) => written);
  const seen = sum((result) => result.seen);
  const lost = sum((result) => result.lost);
  const errors = sum(errorsOf);
  const isMeasured = own.every((result) => result.seen > 0);
  return target(
    `p99 below ${p99MaxMs} ms at ${writesPerS} writes/s (${ours}), no write lost, no error`,
    isMeasured && p99Ms < p99MaxMs && lost === 0 && errors === 0 && missing <= missingShareMax,
    `${p99Ms.toFixed(2)} ms of ${seen.toLocaleString('en')} seen, ${lost} lost, ${errors} errors, ` +
      `${(missing * 100).toFixed(2)} % not made or not watched`,
  );
}

function errorsOf({ errors }: VisibilityResult): number {
  return Object.values(errors).reduce((total, count) => total + count, 0);
}

function tableOf(results: ReadonlyMap<string, readonly VisibilityResult[]>): readonly string[] {
  const head = ['p50 ms', 'p99 ms', 'p99.9 ms', 'max ms', 'watched', 'late', 'unwatched', 'lost', 'errors'];
  const lines = [`| | ${head.join(' | ')} |`, `|---|${'---:|'.repeat(head.length)}`];
  for (const [name, all] of results) {
    const sum = (of: (result: VisibilityResult) => number): string =>
      all.reduce((total, result) => total + of(result), 0).toLocaleString('en');
    const cells = [
      ...(['p50', 'p99', 'p999'] as const).map((share) => latencyMs(all, share).toFixed(2)),
      (Math.max(...all.map(({ latencyUs }) => latencyUs.max)) / 1_000).toFixed(2),
      sum(({ seen }) => seen),
      sum(({ late }) => late),
      sum(({ unwatched }) => unwatched),
      sum(({ lost }) => lost),
      sum(errorsOf),
    ];
    lines.push(`| ${name} | ${cells.join(' | ')} |`);
  }
  return lines;
}

function latencyMs(results: readonly VisibilityResult[], share: keyof Latencies): number {
  return median(results.map(({ latencyUs }) => latencyUs[share])) / 1_000;
}
