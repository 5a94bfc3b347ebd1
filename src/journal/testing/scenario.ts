import type { Disk } from '../../host/index.ts';
import { type FaultKind, type Scenario, type Simulation, swarm } from '../../simulator/index.ts';
import { Subject } from './subject.ts';

/** In one run: every recovery reads them all again. */
const recordsMax = 1000;

/** A replaced disk is another journal: what that means is for those who replicate to say. */
const kinds: readonly FaultKind[] = [
  'crash',
  'power-cut',
  'pause',
  'clock-jump',
  'clock-drift',
  'slow-disk',
  'disk-full',
  'read-failure',
  'write-failure',
  'sync-failure',
  'corruption',
];

/** One journal under load on a disk where everything may go wrong. */
export function journalScenario(disk?: (disk: Disk) => Disk): Scenario {
  return {
    name: 'journal',
    summary: 'a journal that appends and takes snapshots while its host crashes and its disk fails',
    faults: (prng) => swarm(prng, { kinds }),
    safetyMs: 8000,
    run: (simulation) => play(simulation, disk),
  };
}

function play(simulation: Simulation, disk: ((disk: Disk) => Disk) | undefined) {
  const { prng } = simulation;
  const pick = <T>(items: readonly T[]): T => items[prng.below(items.length)] as T;
  const everyMs = pick([2, 20, 100]);
  const burstMax = pick([1, 5, 30]);
  const bytesMax = pick([20, 200, 1500]);
  const snapshotChance = pick([0, 0.01, 0.1]);
  const chunkLabels = pick([1, 20, 10_000]);
  const rots = simulation.profile.schedule.corruptEveryMs > 0;
  let loaded = true;
  const subject = new Subject({
    simulation,
    segmentBytes: pick([512, 2048, 8192]),
    olderSnapshots: pick([0, 1]),
    rots,
    disk,
    work: (_, host) => {
      const turn = (): void => {
        if (!loaded) return;
        const room = recordsMax - subject.history.length;
        const count = Math.min(room, 1 + prng.below(burstMax));
        for (let index = 0; index < count; index++) subject.append(bytesMax);
        if (prng.chance(snapshotChance)) subject.snapshot(chunkLabels);
        host.clock.setTimer(2 * everyMs * prng.fraction(), turn);
      };
      turn();
    },
  });
  const recover = (): string | undefined => {
    subject.host.crash('power');
    subject.host.restart();
    const isOpen = simulation.runUntil(() => subject.settled || subject.lost !== undefined, 60_000);
    return subject.problem ?? (isOpen ? undefined : 'The journal does not open after the last power cut.');
  };
  return {
    invariant: () => subject.problem,
    stopLoad: () => {
      loaded = false;
    },
    unsettled: () => {
      if (subject.settled || subject.lost !== undefined) return undefined;
      return `${subject.history.durable} of ${subject.history.length} records are durable.`;
    },
    verdict: recover,
  };
}
