import { report, target } from '../measure/report.ts';
import { type Footprint, measureFootprint } from './footprint.ts';
import type { Target } from './load.ts';
import { measureRecovery, type Recovery } from './recovery.ts';
import { prepare, type Setting } from './setting.ts';
import { startEtcd } from './stores/etcd.ts';
import { startKvs } from './stores/kvs.ts';
import { startRedis } from './stores/redis.ts';
import type { Store } from './stores/store.ts';

const keys = 1_000_000;
const recoveryMaxMs = 5_000;
const knownKey = 'key-500000';

type Figures = Footprint & Recovery & { readonly memoryAfterStartBytes: number };

/** A million keys: what each costs in memory and on disk, and how long a killed server takes to come back. */
export async function benchKvsMillion(): Promise<void> {
  const setting = prepare();
  const figures = new Map<string, Figures>();
  const candidates: Readonly<Record<string, [typeof startKvs, Target['protocol']]>> = {
    kvs: [startKvs, 'kvs'],
    etcd: [startEtcd, 'etcd-grpc'],
    Redis: [startRedis, 'redis'],
  };
  for (const [name, [start, protocol]] of Object.entries(candidates)) {
    const measured = await measureOne(setting, start, protocol);
    console.log(`${name.padEnd(8)} back after ${measured.oneMs.toFixed(0)} ms`);
    figures.set(name, measured);
  }
  write(figures, setting.describe());
}

/** One store at a time: a million keys of three of them would be much memory for one machine. */
async function measureOne(
  { load, folder }: Setting,
  start: (folder: string) => Promise<Store>,
  protocol: Target['protocol'],
): Promise<Figures> {
  const store = await start(folder);
  try {
    const empty = store.memoryMib()[0] as number;
    const footprint = await measureFootprint(load, store, { protocol, addresses: store.addresses }, keys);
    const recovery = await measureRecovery(store, knownKey);
    const memoryAfterStartBytes = (((store.memoryMib()[0] as number) - empty) * 2 ** 20) / keys;
    return { ...footprint, ...recovery, memoryAfterStartBytes };
  } finally {
    await store.stop();
  }
}

function write(figures: ReadonlyMap<string, Figures>, setting: readonly string[]): void {
  const ours = figures.get('kvs') as Figures;
  report('kvs-million', [
    { title: `${keys.toLocaleString('en')} keys with values of 100 bytes`, lines: tableOf(figures) },
    {
      title: 'Targets',
      lines: [
        target(
          `a replica that was killed with -9 answers within ${recoveryMaxMs / 1_000} s of its start`,
          ours.oneMs < recoveryMaxMs && ours.allMs < recoveryMaxMs,
          `${ours.oneMs.toFixed(0)} ms alone, ${ours.allMs.toFixed(0)} ms all three at once`,
        ),
      ],
    },
    {
      title: 'Method',
      lines: [
        '`npm run bench -- kvs-million`. Three replicas of kvs, three members of etcd, one Redis that',
        'answers a write when it is on disk; one store at a time, each with its defaults. The load',
        'program writes each key once over 256 connections (kvs over HTTP, `copies` not asked for;',
        'etcd over gRPC). 5 s later, resident memory and the blocks allocated in the data folder of',
        'each server are read; what an empty one has is taken off, and the median of the servers is',
        'shown. Memory after the fill holds what the collector of its runtime has not got to; memory',
        'after the start is what the same data takes in a new process. Then the last server is killed',
        'with -9 and started again: the time is from its start until it answers a read of a key with',
        'the value of before, polled each 10 ms. Then all servers are killed at once and started at',
        "once: until the last one answers. etcd's read is serializable, so it waits for no leader. The",
        'machine does not go down: what was written is in its page cache.',
        ...setting,
      ],
    },
  ]);
}

function tableOf(figures: ReadonlyMap<string, Figures>): readonly string[] {
  const head = [
    'fill, keys/s',
    'memory, bytes/key',
    'after the start, bytes/key',
    'disk, bytes/key',
    'one back after, ms',
    'all back after, ms',
  ];
  const lines = [`| | ${head.join(' | ')} |`, `|---|${'---:|'.repeat(head.length)}`];
  for (const [name, each] of figures) {
    const { fillPerS, memoryBytes, memoryAfterStartBytes, diskBytes, oneMs, allMs } = each;
    const cells = [fillPerS, memoryBytes, memoryAfterStartBytes, diskBytes, oneMs, allMs];
    lines.push(`| ${name} | ${cells.map((cell) => Math.round(cell).toLocaleString('en')).join(' | ')} |`);
  }
  return lines;
}
