import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { report, target } from '../measure/report.ts';
import { median } from '../measure/rounds.ts';
import type { Comeback } from './outage.ts';
import { type Changes, type Figures, rates, rounds, sizes, watchers, windowMs } from './phases.ts';
import { isExact, type Latency, type Verdict } from './verdict.ts';

type Rounds = ReadonlyMap<string, readonly Figures[]>;

const linearMin = 0.8;
const linearMax = 1.2;

/** `loads`: the machine's load average over a minute, before the rounds, before the kill and at the end. */
export function write(all: Rounds, comeback: Comeback, loads: readonly number[]): void {
  const ours = all.get('holdfast') as readonly Figures[];
  const growth = growthOf(ours);
  const verdicts = [...ours.map(({ verdict }) => verdict), comeback.verdict];
  const wire = comeback.streams.outOfOrder + comeback.streams.unexplained;
  report('registry', [
    { title: 'Heartbeats, nothing else going on', lines: heartbeatLines(all) },
    { title: `${last(sizes)} instances, ${watchers} watchers`, lines: changeLines(all) },
    { title: 'From a change to the watchers', lines: latencyLines(all) },
    { title: 'The registry killed with -9 and started again', lines: comebackLines(comeback) },
    {
      title: 'Targets',
      lines: [
        target(
          'every watcher exact: nothing missed unless overtaken, nothing repeated, the right list',
          verdicts.every(isExact) && wire === 0,
          verdicts.map(describeVerdict).join('; '),
        ),
        target(
          `requests and bytes an instance with ${last(sizes)} within a fifth of those with ${sizes[0]}`,
          [growth.requests, growth.bytes].every((ratio) => ratio >= linearMin && ratio <= linearMax),
          `${growth.requests.toFixed(2)} and ${growth.bytes.toFixed(2)}`,
        ),
        target(
          `CPU an instance with ${last(sizes)} at most a fifth above that with ${sizes[0]}`,
          growth.cpu <= linearMax,
          growth.cpu.toFixed(2),
        ),
      ],
    },
    { title: 'Method', lines: method(all.has('etcd'), loads) },
  ]);
}

/** What an instance costs at the largest size, over what it costs at the smallest, within a round. */
function growthOf(ours: readonly Figures[]): { requests: number; bytes: number; cpu: number } {
  const ratio = (of: 'requests' | 'bytes' | 'cpuShare') =>
    middle(ours, ({ heartbeats }) => {
      const [first, end] = [heartbeats[0], heartbeats.at(-1)];
      if (first === undefined || end === undefined) return Number.NaN;
      return end[of] / end.instances / (first[of] / first.instances);
    });
  return { requests: ratio('requests'), bytes: ratio('bytes'), cpu: ratio('cpuShare') };
}

function heartbeatLines(all: Rounds): string[] {
  const lines = [
    '| | instances | requests/s | bytes/s | CPU, % of a core ' +
      '| requests/s each | bytes/s each | CPU us/s each | CPU / etcd |',
    '|---|---:|---:|---:|---:|---:|---:|---:|---:|',
  ];
  for (const [name, figures] of all) {
    sizes.forEach((size, at) => {
      const of = (field: 'requests' | 'bytes' | 'cpuShare') =>
        middle(figures, ({ heartbeats }) => heartbeats[at]?.[field] ?? Number.NaN);
      const ratio = againstEtcd(all, name, ({ heartbeats }) => heartbeats[at]?.cpuShare ?? Number.NaN);
      const [requests, bytes, share] = [of('requests'), of('bytes'), of('cpuShare')];
      lines.push(
        `| ${name} | ${size} | ${whole(requests)} | ${whole(bytes)} | ${(share * 100).toFixed(1)} ` +
          `| ${(requests / size).toFixed(2)} | ${whole(bytes / size)} ` +
          `| ${whole((share * 1e6) / size)} | ${ratio} |`,
      );
    });
  }
  return lines;
}

function changeLines(all: Rounds): string[] {
  const head = [
    '% of a core, no changes',
    ...rates.map((perS) => `at ${perS} changes/s`),
    'CPU us/change',
    'bytes/watcher and change',
    'bytes/s a watcher, no changes',
    'watchers: CPU us/change each',
    'memory, MiB',
    'CPU us/change / etcd',
  ];
  const lines = [`| | ${head.join(' | ')} |`, `|---|${'---:|'.repeat(head.length)}`];
  for (const [name, figures] of all) {
    const of = (read: (figures: Figures) => number) => middle(figures, read);
    const cells = [
      (of(({ quiet }) => quiet.cpuShare) * 100).toFixed(1),
      ...rates.map((_, at) => (of(({ changes }) => windowAt(changes, at).cpuShare) * 100).toFixed(1)),
      whole(of(cpuPerChangeUs)),
      whole(of(({ changes }) => last(changes).bytesPerWatcherAndChange)),
      whole(of(({ quiet }) => quiet.bytesPerWatcherAndS)),
      whole(of(({ changes }) => (last(changes).watchersCpuShare * 1e6) / last(changes).perS / watchers)),
      whole(of(({ memoryMib }) => memoryMib)),
      againstEtcd(all, name, cpuPerChangeUs),
    ];
    lines.push(`| ${name} | ${cells.join(' | ')} |`);
  }
  return lines;
}

/** What a change costs the server beyond what it does anyhow, its delivery to all watchers included. */
function cpuPerChangeUs({ quiet, changes }: Figures): number {
  const { cpuShare, perS } = last(changes);
  return ((cpuShare - quiet.cpuShare) * 1e6) / perS;
}

function latencyLines(all: Rounds): string[] {
  const lines = ['| | changes/s | p50 ms | p99 ms | max ms |', '|---|---:|---:|---:|---:|'];
  for (const [name, figures] of all) {
    rates.forEach((perS, at) => {
      const of = (share: number) =>
        middle(figures, ({ changes }) => quantileMs(windowAt(changes, at).latencies, share)).toFixed(1);
      lines.push(`| ${name} | ${perS} | ${of(0.5)} | ${of(0.99)} | ${of(1)} |`);
    });
  }
  return lines;
}

function comebackLines(comeback: Comeback): string[] {
  const { verdict, streams, killedUs, allBackUs, awayMs, exactAfterMs, cpuMs } = comeback;
  const isMeanwhile = ({ madeUs }: Latency) => madeUs >= killedUs && madeUs <= allBackUs;
  const meanwhile = verdict.latencies.filter(isMeanwhile);
  const otherwise = verdict.latencies.filter((latency) => !isMeanwhile(latency));
  const spread = (latencies: readonly Latency[]) =>
    `p50 ${quantileMs(latencies, 0.5).toFixed(1)}, p99 ${quantileMs(latencies, 0.99).toFixed(1)}, ` +
    `max ${quantileMs(latencies, 1).toFixed(1)} ms`;
  const { changes, outOfOrder, expired, unexplained } = streams;
  return [
    `- Verdict: ${isExact(verdict) && outOfOrder + unexplained === 0 ? 'exact' : '**not exact**'}. ` +
      `${describeVerdict(verdict)}.`,
    `- On the wire: ${whole(changes)} changes by revision, ${outOfOrder} missed or repeated, ` +
      `${unexplained} keep-alives at a revision that had not come, ${expired} leases run out.`,
    `- Ready again ${whole(awayMs)} ms after the kill; the last client was back at it after ` +
      `${whole((allBackUs - killedUs) / 1_000)} ms. Every list was right within ${whole(exactAfterMs)} ms ` +
      `of the last change. The new process had used ${whole(cpuMs)} ms of CPU by then, its start included.`,
    `- Changes made from the kill until the last was back: ${spread(meanwhile)}. ` +
      `All others: ${spread(otherwise)}.`,
    `- Overtaken: ${whole(verdict.overtaken)}. Nobody saw them, for the instance's next change was made ` +
      'before it and the watcher were both back. They count neither as seen nor as missed.',
  ];
}

function describeVerdict(verdict: Verdict): string {
  const { watchers: count, made, seen, missed, overtaken, repeated, invented, wrongLists } = verdict;
  return (
    `${made} changes to ${count} watchers: ${whole(seen)} seen, ${missed} missed, ` +
    `${whole(overtaken)} overtaken, ${repeated} repeated, ${invented} never made, ${wrongLists} wrong lists`
  );
}

function method(hasPeer: boolean, loads: readonly number[]): string[] {
  const peer = hasPeer
    ? [
        `The peer is etcd ${etcdVersion()}, one member with its defaults, over gRPC: a lease of 6 s for each`,
        'instance, kept alive every 2 s on a stream of its own, a key with the same JSON under it, 50',
        'watches of the prefix. It does more: each write is on its disk before it is answered. Ours keeps',
        'leases in memory and has its clients announce themselves again. A renewal of etcd names a lease;',
        'ours says everything, so that a registry that knows nothing is whole again after one round of them.',
      ]
    : ['No peer was installed in this run: `apt-get install etcd-server` puts etcd beside ours.'];
  return [
    `\`npm run bench -- registry\`. The registry's own process as \`holdfast up\` starts it; ${last(sizes)}`,
    'instances in 4 processes, 50 watchers in 2, each instance and each watcher with a client and a',
    'connection of its own, as in a process of its own; all on loopback. Instances go through starting,',
    'ready, draining and gone, and come back with another weight, metadata and incarnation.',
    `${rounds} rounds, each beginning with another candidate; windows of ${windowMs / 1_000} s; medians,`,
    'and ratios within a round.',
    'Bytes are what TCP carries for its users, both ways for heartbeats, to the watchers for changes. CPU is',
    'user and system time of the server process alone, read in ticks of 10 ms. CPU a change is what',
    `${last(rates)} changes/s add to none, delivery to ${watchers} watchers included. Latency runs from the`,
    "instance's call to the watcher's listener, through 25 watchers in each process: a watcher that is last",
    'there waits for the others, which it would not as a process of its own.',
    'For the verdict every change of every instance is compared with what each watcher saw, and every',
    'revision on every stream with the one before it.',
    ...peer,
    `Load average over a minute, on ${cpus().length} processors, before the rounds, before the kill and at`,
    `the end: ${loads.map((load) => load.toFixed(1)).join(', ')}. What is above the processors is not ours`,
    'alone: it slows every latency and the way back after the kill.',
  ];
}

function againstEtcd(all: Rounds, name: string, of: (figures: Figures) => number): string {
  const own = all.get(name) ?? [];
  const peers = all.get('etcd');
  if (peers === undefined) return '-';
  return median(own.map((each, round) => of(each) / of(peers[round] as Figures))).toFixed(2);
}

function quantileMs(latencies: readonly Latency[], share: number): number {
  const sorted = latencies.map(({ ms }) => ms).sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function etcdVersion(): string {
  const text = execFileSync('etcd', ['--version'], { encoding: 'utf8' });
  return /etcd Version: (\S+)/.exec(text)?.[1] ?? 'of an unknown version';
}

const middle = (rounds: readonly Figures[], of: (figures: Figures) => number): number =>
  median(rounds.map(of));

const last = <T>(values: readonly T[]): T => values.at(-1) as T;

const windowAt = (changes: readonly Changes[], at: number): Changes => changes[at] as Changes;

const whole = (value: number): string => Math.round(value).toLocaleString('en');
