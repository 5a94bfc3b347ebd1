import { setTimeout as pass } from 'node:timers/promises';
import type { Child } from '../measure/child.ts';
import type { Candidate } from './candidates.ts';
import type { Load } from './load.ts';
import { nowUs, type Traffic } from './messages.ts';
import { judge, type Latency, type Verdict } from './verdict.ts';

export const rounds = 3;
export const sizes = [250, 500, 1_000] as const;
export const watchers = 50;
/** What is asked for, and enough to tell what one change costs from what is there without any. */
export const rates = [10, 100] as const;
export const windowMs = 8_000;
/** An instance changes again after this long at the earliest: longer than an outage here lasts. */
const betweenOwnChangesS = 4;
/** For the last change to reach the watchers. */
const arriveMs = 500;

/** Per second, over one window; the share is of one core. */
export interface Heartbeats {
  readonly instances: number;
  readonly requests: number;
  readonly bytes: number;
  readonly cpuShare: number;
}

export interface Changes {
  readonly perS: number;
  readonly cpuShare: number;
  /** Of the processes of all watchers. */
  readonly watchersCpuShare: number;
  readonly bytesPerWatcherAndChange: number;
  readonly latencies: readonly Latency[];
}

export interface Figures {
  readonly heartbeats: readonly Heartbeats[];
  /** With all instances and watchers there and nothing changing. */
  readonly quiet: { readonly cpuShare: number; readonly bytesPerWatcherAndS: number };
  readonly changes: readonly Changes[];
  readonly memoryMib: number;
  readonly verdict: Verdict;
}

export async function measure({ server, load }: Candidate): Promise<Figures> {
  const heartbeats: Heartbeats[] = [];
  for (const size of sizes) {
    await load.announce(size);
    heartbeats.push(await measureHeartbeats(server, load));
  }
  await load.watch(watchers);
  const quiet = await measureWindow(server, load, () => pass(windowMs));
  const bytesPerWatcherAndS = quiet.received / watchers / quiet.seconds;
  const windows: Window[] = [];
  for (const perS of rates) {
    windows.push(
      await measureWindow(server, load, async () => {
        await makeChanges(load, perS, windowMs);
        await pass(arriveMs);
      }),
    );
  }
  const verdict = judge(
    await load.made(),
    (await load.seen()).flatMap((answer) => answer.watchers),
  );
  const changes = windows.map((window, at) => {
    const perS = rates[at] as number;
    const keepAliveBytes = bytesPerWatcherAndS * watchers * window.seconds;
    const changeBytes = (window.received - keepAliveBytes) / watchers / ((perS * windowMs) / 1_000);
    const latencies = within(verdict.latencies, window.fromUs, window.toUs);
    return { perS, ...window, bytesPerWatcherAndChange: changeBytes, latencies };
  });
  const { cpuShare } = quiet;
  return {
    ...{ heartbeats, quiet: { cpuShare, bytesPerWatcherAndS }, changes },
    ...{ memoryMib: server.memoryMib(), verdict },
  };
}

export function within(latencies: readonly Latency[], fromUs: number, toUs: number): readonly Latency[] {
  return latencies.filter(({ madeUs }) => madeUs >= fromUs && madeUs <= toUs);
}

async function measureHeartbeats(server: Child, load: Load): Promise<Heartbeats> {
  // Past the burst of their arrival, so that only renewals are seen.
  await pass(1_000);
  const before = await load.announcersTraffic();
  const cpuUs = server.cpuUs();
  const fromUs = nowUs();
  await pass(windowMs);
  const tookUs = nowUs() - fromUs;
  const cpuShare = (server.cpuUs() - cpuUs) / tookUs;
  const after = await load.announcersTraffic();
  const perS = (count: (traffic: Traffic) => number) => ((count(after) - count(before)) * 1e6) / tookUs;
  return {
    instances: load.instances,
    requests: perS(({ requests }) => requests),
    bytes: perS(({ sentBytes, receivedBytes }) => sentBytes + receivedBytes),
    cpuShare,
  };
}

interface Window {
  readonly cpuShare: number;
  readonly watchersCpuShare: number;
  readonly received: number;
  readonly seconds: number;
  readonly fromUs: number;
  readonly toUs: number;
}

async function measureWindow(server: Child, load: Load, during: () => Promise<void>): Promise<Window> {
  const before = await load.watchersTraffic();
  const [cpuUs, watchersUs, fromUs] = [server.cpuUs(), load.watchersCpuUs(), nowUs()];
  await during();
  const toUs = nowUs();
  const cpuShare = (server.cpuUs() - cpuUs) / (toUs - fromUs);
  const watchersCpuShare = (load.watchersCpuUs() - watchersUs) / (toUs - fromUs);
  const received = (await load.watchersTraffic()).receivedBytes - before.receivedBytes;
  return { cpuShare, watchersCpuShare, received, seconds: (toUs - fromUs) / 1e6, fromUs, toUs };
}

/** `perS` changes a second, by instances that take turns. */
export async function makeChanges(load: Load, perS: number, forMs: number): Promise<void> {
  const changing = Math.min(load.instances, perS * betweenOwnChangesS);
  const apart = Math.floor(load.instances / changing);
  const startedMs = performance.now();
  const orders: Promise<void>[] = [];
  for (let change = 0; (change * 1_000) / perS < forMs; change++) {
    await pass(Math.max(0, startedMs + (change * 1_000) / perS - performance.now()));
    orders.push(load.change((change % changing) * apart));
  }
  await Promise.all(orders);
}
