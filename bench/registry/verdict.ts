import type { Moment, Seen } from './messages.ts';
import { endOf, momentOf } from './versions.ts';

/** A time without the registry, and when its clients were back at it. */
export interface Outage {
  readonly fromUs: number;
  /** When each instance was listed again, by index. */
  readonly listedUs: ReadonlyMap<number, number>;
  /**
   * How long after its return a watcher may show instances that the registry does not list: those that said
   * goodbye to no registry are among them.
   */
  readonly settleUs: number;
}

/** How long after its making one watcher saw a change. */
export interface Latency {
  readonly madeUs: number;
  readonly ms: number;
}

export interface Verdict {
  readonly watchers: number;
  /** Changes made, and how many of them the watchers saw, added up. */
  readonly made: number;
  readonly seen: number;
  /** Added up over the watchers: made, but never seen. */
  readonly missed: number;
  /** Not seen, for the instance's next change was made before the outage was over. */
  readonly overtaken: number;
  /** Seen after the same or a later version of the instance, or in a view that showed nothing new. */
  readonly repeated: number;
  /** Seen but never made. */
  readonly invented: number;
  /** Watchers whose list at the end is not that of the instances there are, each in its last version. */
  readonly wrongLists: number;
  readonly latencies: readonly Latency[];
}

type Sum = { -readonly [Key in keyof Verdict]: Verdict[Key] } & { readonly latencies: Latency[] };

/** Holds what each watcher saw against what the instances did. */
export function judge(made: readonly Moment[], watchers: readonly Seen[], outage?: Outage): Verdict {
  const lives = new Map<number, Map<number, number>>();
  for (const { index, version, atUs } of made) {
    const versions = lives.get(index) ?? new Map<number, number>();
    lives.set(index, versions.set(version, atUs));
  }
  const sum: Sum = {
    ...{ watchers: watchers.length, made: made.length - lives.size, seen: 0, missed: 0, overtaken: 0 },
    ...{ repeated: 0, invented: 0, wrongLists: 0, latencies: [] },
  };
  for (const seen of watchers) {
    sum.repeated += seen.equalViews;
    if (!isRight(seen.list, lives)) sum.wrongLists += 1;
    const byIndex = Map.groupBy(seen.moments, ({ index }) => index);
    for (const [index, versions] of lives) {
      const back = outage === undefined ? undefined : comebackOf(index, seen, outage);
      judgeInstance(versions, byIndex.get(index) ?? [], back, sum);
    }
    for (const index of byIndex.keys()) if (!lives.has(index)) sum.invented += 1;
  }
  return sum;
}

function judgeInstance(
  versions: ReadonlyMap<number, number>,
  seen: readonly Moment[],
  back: Comeback | undefined,
  sum: Sum,
): void {
  const first = seen[0]?.version ?? Math.min(...versions.keys()) - 1;
  let last = first;
  for (const { version, atUs } of seen.slice(1)) {
    const madeUs = versions.get(version);
    if (madeUs === undefined) sum.invented += 1;
    else if (version <= last) sum.repeated += 1;
    else {
      sum.seen += 1;
      sum.latencies.push({ madeUs, ms: (atUs - madeUs) / 1_000 });
    }
    last = Math.max(last, version);
  }
  const shown = new Set(seen.map(({ version }) => version));
  for (const [version] of versions) {
    if (version <= first || shown.has(version)) continue;
    if (back !== undefined && isOvertaken(version, versions, back)) sum.overtaken += 1;
    else sum.missed += 1;
  }
}

/** When one instance and one watcher had both found the registry again. */
interface Comeback {
  readonly fromUs: number;
  readonly bothUs: number;
  readonly settledUs: number;
}

function comebackOf(index: number, { openedUs }: Seen, { fromUs, listedUs, settleUs }: Outage): Comeback {
  const bothUs = Math.max(listedUs.get(index) ?? fromUs, openedUs);
  return { fromUs, bothUs, settledUs: openedUs + settleUs };
}

/** Nobody has to hear of a change if the instance's next was made before both were back. */
function isOvertaken(version: number, versions: ReadonlyMap<number, number>, back: Comeback): boolean {
  const madeUs = versions.get(version) ?? Number.POSITIVE_INFINITY;
  const nextUs = versions.get(version + 1) ?? Number.POSITIVE_INFINITY;
  const untilUs = momentOf(version) === 'gone' ? back.settledUs : back.bothUs;
  return madeUs <= back.bothUs && nextUs >= back.fromUs && nextUs <= untilUs;
}

function isRight(list: Seen['list'], lives: ReadonlyMap<number, ReadonlyMap<number, number>>): boolean {
  const shown = new Map(list);
  for (const [index, versions] of lives) {
    const newest = Math.max(...versions.keys());
    const expected = newest === endOf(newest) ? undefined : newest;
    if (shown.get(index) !== expected) return false;
    shown.delete(index);
  }
  return shown.size === 0;
}

/** Whether nothing was missed, repeated or invented, and every list is right. */
export function isExact(verdict: Verdict): boolean {
  const { missed, repeated, invented, wrongLists } = verdict;
  return missed + repeated + invented + wrongLists === 0;
}
