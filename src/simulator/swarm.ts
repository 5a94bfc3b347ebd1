import type { Prng } from '../std/index.ts';
import { calm, calmSchedule, type FaultProfile } from './profile.ts';

export const faultKinds = [
  'loss',
  'duplication',
  'reordering',
  'splitting',
  'partition',
  'clog',
  'crash',
  'power-cut',
  'pause',
  'clock-offset',
  'clock-drift',
  'clock-jump',
  'slow-disk',
  'disk-full',
  'read-failure',
  'write-failure',
  'sync-failure',
  'corruption',
  'wipe',
  'restore',
] as const;

export type FaultKind = (typeof faultKinds)[number];

export interface SwarmOptions {
  /**
   * The kinds that may be chosen; all by default. What a scenario cannot promise to survive is left out.
   */
  readonly kinds?: readonly FaultKind[] | undefined;
  /** Hosts that may be down at once; 1 by default. */
  readonly downHostsMax?: number | undefined;
  /** Hosts that corruption, wipe and restore may strike; 1 by default. */
  readonly damagedHostsMax?: number | undefined;
}

/**
 * Chooses what goes wrong in one run: a random half of the kinds, each at a random rate. Swarm testing
 * (Groce et al., 2012): runs that leave some faults out reach states that runs with all of them never do.
 */
export function swarm(prng: Prng, options: SwarmOptions = {}): FaultProfile {
  const allowed = new Set<FaultKind>(options.kinds ?? faultKinds);
  // All kinds are drawn for, allowed or not: leaving one out does not change the others.
  const chosen = new Set(faultKinds.filter((kind) => prng.chance(0.5) && allowed.has(kind)));
  const pick = (kind: FaultKind, least: number, most: number): number => {
    const drawn = least + (most - least) * prng.fraction();
    return chosen.has(kind) ? drawn : 0;
  };
  const latencyMsMin = [0.05, 0.5, 5][prng.below(3)] ?? 0.5;
  const powerChance = pick('power-cut', 0.2, 1);
  const crashEveryMs = pick('crash', 1000, 15_000);
  const profile: FaultProfile = {
    network: {
      ...calm.network,
      latencyMsMin,
      latencyMsMax: latencyMsMin * (1 + 9 * prng.fraction()),
      lossChance: pick('loss', 0.001, 0.2),
      duplicateChance: pick('duplication', 0.001, 0.2),
      reorderChance: pick('reordering', 0.001, 0.2),
      strayMsMax: [10, 300, 5000][prng.below(3)] ?? 300,
      splitChance: pick('splitting', 0.05, 1),
    },
    disk: {
      latencyMsMin: 0.05,
      latencyMsMax: pick('slow-disk', 5, 100) || 1,
      readFailureChance: pick('read-failure', 0.0001, 0.01),
      writeFailureChance: pick('write-failure', 0.0001, 0.01),
      syncFailureChance: pick('sync-failure', 0.0001, 0.01),
      roomBytes: 0,
      copiesOnWrite: false,
    },
    clock: {
      offsetMsMax: pick('clock-offset', 10, 120_000),
      driftMax: pick('clock-drift', 0.0001, 0.05),
    },
    schedule: {
      ...calmSchedule,
      partitionEveryMs: pick('partition', 500, 10_000),
      partitionMsMax: [500, 3000, 15_000][prng.below(3)] ?? 3000,
      asymmetricChance: prng.fraction(),
      clogEveryMs: pick('clog', 500, 10_000),
      clogMsMax: 3000,
      // Without `crash` a power cut is the only way to go down.
      crashEveryMs: crashEveryMs === 0 && powerChance > 0 ? 5000 : crashEveryMs,
      powerChance: crashEveryMs === 0 && powerChance > 0 ? 1 : powerChance,
      downMsMax: [200, 2000, 10_000][prng.below(3)] ?? 2000,
      downHostsMax: options.downHostsMax ?? 1,
      pauseEveryMs: pick('pause', 1000, 10_000),
      pauseMsMax: [200, 2000, 10_000][prng.below(3)] ?? 2000,
      clockJumpEveryMs: pick('clock-jump', 1000, 10_000),
      clockJumpMsMax: 60_000,
      diskFullEveryMs: pick('disk-full', 2000, 15_000),
      diskFullMsMax: 3000,
      corruptEveryMs: pick('corruption', 1000, 10_000),
      damagedHostsMax: options.damagedHostsMax ?? 1,
      wipeChance: pick('wipe', 0.1, 0.5),
      restoreChance: pick('restore', 0.1, 0.5),
    },
  };
  // No fault by itself: it shows where a disk is full.
  return { ...profile, disk: { ...profile.disk, copiesOnWrite: prng.chance(0.3) } };
}
