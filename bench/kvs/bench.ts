import { setTimeout as pass } from 'node:timers/promises';
import { candidatesOf, type Stores, startStores } from './candidates.ts';
import { writeThroughput } from './results.ts';
import { mustBeRight, prepare, stopAll } from './setting.ts';
import { keys, measureThroughput } from './throughput.ts';

const idleMs = 3_000;

/** Three replicas of kvs beside three of etcd and one Redis: writes and reads. */
export async function benchKvs(): Promise<void> {
  const { load, folder, describe } = prepare();
  const stores = await startStores(folder);
  try {
    const candidates = candidatesOf(stores);
    const fill = ['--keys', String(keys), '--connections', '32'];
    for (const { target } of candidates) {
      const { errors } = await load.run(target, 'fill', fill);
      if (Object.keys(errors).length > 0) throw new Error(`Filling failed: ${JSON.stringify(errors)}`);
      await mustBeRight(load, target);
    }
    const idle = await idleShares(stores);
    const contests = await measureThroughput(load, candidates);
    for (const { target } of candidates) await mustBeRight(load, target);
    writeThroughput(contests, idle, describe());
  } finally {
    await stopAll(Object.values(stores));
  }
}

/** What all servers together take of one core while nobody asks them: they all run the whole time. */
async function idleShares(stores: Stores): Promise<Readonly<Record<string, number>>> {
  const all = Object.entries(stores);
  const before = all.map(([, store]) => store.cpuUs());
  await pass(idleMs);
  return Object.fromEntries(
    all.map(([name, store], at) => [name, (store.cpuUs() - (before[at] as number)) / 1_000 / idleMs]),
  );
}
