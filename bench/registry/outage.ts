import { setTimeout as pass } from 'node:timers/promises';
import { limits } from 'holdfast/registry';
import { type Candidate, startHoldfast, startRegistry } from './candidates.ts';
import type { Load } from './load.ts';
import { nowUs, type SeenAnswer, type StreamCount } from './messages.ts';
import { makeChanges, sizes, watchers } from './phases.ts';
import { isExact, judge, type Outage, type Verdict } from './verdict.ts';

const beforeMs = 5_000;
const afterMs = 12_000;
const changesPerS = 10;
/** A registry that was away is known in full after this; more means that something is wrong. */
const exactMsMax = 40_000;

export interface Comeback {
  readonly verdict: Verdict;
  readonly streams: StreamCount;
  readonly killedUs: number;
  /** When the last watcher and the last instance that had lost it were back at the registry. */
  readonly allBackUs: number;
  /** From the kill to the new process being ready. */
  readonly awayMs: number;
  /** From the last change to every list being right; the lists are looked at once a second. */
  readonly exactAfterMs: number;
  /** CPU of the new process until then, its start included. */
  readonly cpuMs: number;
}

/** Ten changes a second; the registry is killed in the middle of them and started again at its port. */
export async function killAndRestart(): Promise<Comeback> {
  const candidate = await startHoldfast();
  const { load } = candidate;
  let { server } = candidate;
  try {
    await load.announce(sizes.at(-1) as number);
    await load.watch(watchers);
    // One list of changes, so that an instance's turns stay apart.
    const changing = makeChanges(load, changesPerS, beforeMs + afterMs);
    await pass(beforeMs);
    const fromUs = nowUs();
    await server.stop();
    server = await startRegistry(server.port);
    const backUs = nowUs();
    await changing;
    const outage = { fromUs, listedUs: await listedAgain(load, backUs), settleUs: settleMs * 1_000 };
    const lastUs = nowUs();
    const { verdict, streams, openedUs } = await untilExact({ ...candidate, server }, outage);
    const [awayMs, exactAfterMs] = [(backUs - fromUs) / 1_000, (nowUs() - lastUs) / 1_000];
    const allBackUs = Math.max(openedUs, ...outage.listedUs.values());
    const cpuMs = server.cpuUs() / 1_000;
    return { verdict, streams, killedUs: fromUs, allBackUs, awayMs, exactAfterMs, cpuMs };
  } finally {
    await load.stop();
    await server.stop();
  }
}

/** When each instance was back. One that heard of no failure has renewed by then, at the latest. */
async function listedAgain(load: Load, backUs: number): Promise<ReadonlyMap<number, number>> {
  const renewedUs = backUs + (limits.renewMsMax + limits.requestTimeoutMs) * 1_000;
  const all = await load.listed();
  return new Map(
    all.map(({ index, atUs = Number.POSITIVE_INFINITY }) => [index, atUs === 0 ? renewedUs : atUs]),
  );
}

/** The keep-alives a watcher waits for, each at most a tick late, or the end of the registry's warming. */
const settleMs = Math.max(
  limits.warmingMs,
  (limits.confirmBeats + 1) * (limits.keepAliveMs + limits.tickMs),
);

async function untilExact(
  { load }: Candidate,
  outage: Outage,
): Promise<Pick<Comeback, 'verdict' | 'streams'> & { readonly openedUs: number }> {
  const made = await load.made();
  const startedMs = performance.now();
  for (;;) {
    await pass(1_000);
    const answers = await load.seen();
    const verdict = judge(
      made,
      answers.flatMap((answer) => answer.watchers),
      outage,
    );
    if (!isExact(verdict) && performance.now() - startedMs < exactMsMax) continue;
    const streams = { changes: 0, outOfOrder: 0, expired: 0, unexplained: 0 };
    for (const { streams: own } of answers) {
      streams.changes += own?.changes ?? 0;
      streams.outOfOrder += own?.outOfOrder ?? 0;
      streams.expired += own?.expired ?? 0;
      streams.unexplained += own?.unexplained ?? 0;
    }
    return { verdict, streams, openedUs: Math.max(...answers.flatMap(openedUsOf)) };
  }
}

const openedUsOf = ({ watchers: all }: SeenAnswer): number[] => all.map(({ openedUs }) => openedUs);
