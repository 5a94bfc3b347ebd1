import { execFileSync } from 'node:child_process';
import { report, target } from '../measure/report.ts';
import { median, rows } from '../measure/rounds.ts';
import { names } from './candidates.ts';
import type { Latencies } from './load.ts';
import { type Contest, type Figures, keys, measuredMs, rounds, warmupMs } from './throughput.ts';

/** What each table is held against. */
const references = [names.etcdHttp, names.etcdGrpc, names.etcdGrpcShared] as const;

export function writeThroughput(
  contests: readonly Contest[],
  idle: Readonly<Record<string, number>>,
  setting: readonly string[],
): void {
  report('kvs', [
    { title: 'What is compared', lines: comparison },
    ...contests.map((contest) => ({
      title: `${contest.operation.toUpperCase()}, ${contest.inFlight} in flight`,
      lines: tableOf(contest),
    })),
    { title: 'Targets', lines: targetLines(contests) },
    { title: 'Method', lines: [...method(idle), ...setting] },
  ]);
}

const comparison = [
  "etcd's guarantee is the stronger one: its writes are linearizable, in one order for all, and on the disks",
  'of a majority. kvs keeps causal order, answers from whichever replica is asked, also one that is cut off,',
  'and writes on as many disks as a request asks for. Closest to each other are a PUT of kvs with',
  "`copies: 2` and etcd's PUT, each durable on two of three; and a GET of kvs and etcd's *serializable*",
  'range, which one replica answers from what it has. A PUT of kvs with `copies: 1` and Redis stand beside:',
  'one disk each, and of Redis there is one server without replicas, not three.',
];

function tableOf({ figures }: Contest): readonly string[] {
  const ratios = references.map((reference) => rows(figures, reference));
  const head = [
    'operations/s',
    'p50 ms',
    'p99 ms',
    'p99.9 ms',
    'max ms',
    'CPU us/op, servers',
    'CPU us/op, load',
    'errors',
    '/ etcd HTTP',
    '/ etcd gRPC',
    '/ etcd gRPC, a connection a server',
    'CPU / etcd gRPC',
  ];
  const lines = [`| | ${head.join(' | ')} |`, `|---|${'---:|'.repeat(head.length)}`];
  for (const [name, own] of figures) {
    const of = (read: (figures: Figures) => number): number => median(own.map(read));
    const latency = (share: keyof Latencies): string =>
      (of(({ latencyUs }) => latencyUs[share]) / 1_000).toFixed(2);
    const ratioTo = (at: number) => ratios[at]?.find((row) => row.name === name);
    const cells = [
      Math.round(of(({ perS }) => perS)).toLocaleString('en'),
      ...(['p50', 'p99', 'p999', 'max'] as const).map(latency),
      of(({ cpuUs }) => cpuUs).toFixed(0),
      of(({ loadCpuUs }) => loadCpuUs).toFixed(1),
      errorsOf(own),
      ...references.map((_, at) => ratioTo(at)?.ratio.toFixed(2) ?? '-'),
      ratioTo(1)?.cpuRatio.toFixed(2) ?? '-',
    ];
    lines.push(`| ${name} | ${cells.join(' | ')} |`);
  }
  return lines;
}

/** By status, all rounds together: `503: 12`. */
function errorsOf(all: readonly Figures[]): string {
  const sums = new Map<string, number>();
  for (const { errors } of all) {
    for (const [status, count] of Object.entries(errors)) sums.set(status, (sums.get(status) ?? 0) + count);
  }
  return sums.size === 0 ? '0' : [...sums].map(([status, count]) => `${status}: ${count}`).join(', ');
}

function targetLines(contests: readonly Contest[]): readonly string[] {
  const goal = (operation: string, ours: string, least: number, over: string, peers: readonly string[]) => {
    const of = contests.filter((contest) => contest.operation === operation);
    const measured = of.map(({ inFlight, figures }) => {
      const ratios = peers.map(
        (peer) => rows(figures, peer).find((row) => row.name === ours)?.ratio ?? Number.NaN,
      );
      return { inFlight, ratio: Math.min(...ratios) };
    });
    const shown = measured.map(({ inFlight, ratio }) => `${ratio.toFixed(2)} with ${inFlight} in flight`);
    return target(
      `${operation.toUpperCase()} (${ours}) at least ${least}x ${over}`,
      measured.every(({ ratio }) => ratio >= least),
      shown.join(', '),
    );
  };
  const overGrpc = "etcd's over gRPC, the quicker of both ways";
  const grpc = [names.etcdGrpc, names.etcdGrpcShared];
  return [
    goal('put', names.kvsDurable, 4, "etcd's over HTTP", [names.etcdHttp]),
    goal('put', names.kvsDurable, 1.5, overGrpc, grpc),
    goal('get', names.kvs, 3, "etcd's over HTTP", [names.etcdHttp]),
    goal('get', names.kvs, 1.5, overGrpc, grpc),
  ];
}

function method(idle: Readonly<Record<string, number>>): readonly string[] {
  const idling = Object.entries(idle).map(([name, share]) => `${name} ${(share * 100).toFixed(1)} %`);
  return [
    `\`npm run bench -- kvs\`. Three replicas of kvs, three members of ${versionOf('etcd')} (the`,
    `version that the distribution ships, not the latest there is) and one ${versionOf('redis-server')},`,
    'each a process of its own with its defaults (Redis: `appendonly yes`, `appendfsync always`), all on',
    'loopback of this machine, all running the whole time; the load program runs beside them.',
    `Idle they take, of one core: ${idling.join(', ')}.`,
    `${keys.toLocaleString('en')} keys, random ones in turn, values of 100 random letters. The load program`,
    'is one thread in C over epoll, in a closed loop; its connections stay and are spread evenly over the',
    'servers.',
    `${warmupMs / 1_000} s to warm up and ${measuredMs / 1_000} s measured, ${rounds} rounds, every`,
    'candidate once a round, each round beginning with the next of them; medians, and ratios within a round.',
    'Each connection has one request in flight, but for "a connection a server": there all requests share',
    'one HTTP/2 connection to each etcd, as those of one client in Go do.',
    'CPU is user and system time of all processes of the store over the operations of the measured seconds.',
    'Operations that failed are not counted in operations/s; a status of 202 is a write of kvs that was not',
    'known to be on both disks in time.',
    'Before and after the rounds a thousand keys are read, written anew, and read back from the same server,',
    'in each way that is measured; all must be right.',
  ];
}

/** `etcd 3.4.23` */
export function versionOf(program: string): string {
  const text = execFileSync(program, ['--version'], { encoding: 'utf8' });
  const version = /(?:etcd Version: |v=)(\S+)/.exec(text)?.[1] ?? 'of an unknown version';
  return `${program.replace('-server', '')} ${version}`;
}
