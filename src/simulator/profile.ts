/**
 * What goes wrong in a run, and how often. Chances are in [0, 1]; an `...EveryMs` is the mean time between
 * two such faults anywhere in the simulation, and 0 says never.
 */
export interface FaultProfile {
  readonly network: NetworkProfile;
  readonly disk: DiskProfile;
  readonly clock: ClockProfile;
  readonly schedule: FaultSchedule;
}

export interface NetworkProfile {
  readonly latencyMsMin: number;
  readonly latencyMsMax: number;
  readonly lossChance: number;
  /** A packet comes a second time, up to `strayMsMax` later: a replay. */
  readonly duplicateChance: number;
  /** A packet comes up to `strayMsMax` later than it should; those behind it overtake it. */
  readonly reorderChance: number;
  readonly strayMsMax: number;
  /** A stream's bytes are cut into packets at a random place. */
  readonly splitChance: number;
  /** A stream that waits for an answer and hears nothing for this long is given up. */
  readonly silenceMsMax: number;
}

export interface DiskProfile {
  readonly latencyMsMin: number;
  readonly latencyMsMax: number;
  readonly readFailureChance: number;
  /** A failed write has written any part. */
  readonly writeFailureChance: number;
  /**
   * A failed sync may have dropped what it should have made durable: a later one does not bring it back.
   */
  readonly syncFailureChance: number;
  /** That all files may take together, in whole blocks; 0: there is no end to it. */
  readonly roomBytes: number;
  /** Bytes written over others need room as new ones do: what copy-on-write file systems do (Btrfs, ZFS). */
  readonly copiesOnWrite: boolean;
}

/** Drawn once for each machine. */
export interface ClockProfile {
  /** How far a wall clock is off at the start, either way. */
  readonly offsetMsMax: number;
  /** How much a clock runs fast or slow: 0.001 is a millisecond in a second. */
  readonly driftMax: number;
}

export interface FaultSchedule {
  readonly partitionEveryMs: number;
  readonly partitionMsMax: number;
  /** Share of the partitions in which packets still pass one way. */
  readonly asymmetricChance: number;
  readonly clogEveryMs: number;
  readonly clogMsMax: number;
  readonly crashEveryMs: number;
  readonly downMsMax: number;
  /** Share of the crashes that are power cuts; the others end the process only (kill -9). */
  readonly powerChance: number;
  /** Hosts that may be down at the same time. */
  readonly downHostsMax: number;
  readonly pauseEveryMs: number;
  readonly pauseMsMax: number;
  readonly clockJumpEveryMs: number;
  readonly clockJumpMsMax: number;
  readonly diskFullEveryMs: number;
  readonly diskFullMsMax: number;
  /** A sector of a file of a host rots. */
  readonly corruptEveryMs: number;
  /** Hosts that corruption, wipe and restore may strike in one run, all together. */
  readonly damagedHostsMax: number;
  /** At a power cut the disk is replaced by an empty one. */
  readonly wipeChance: number;
  /** At a power cut the disk is replaced by an earlier copy of itself. */
  readonly restoreChance: number;
}

export const calmSchedule: FaultSchedule = {
  partitionEveryMs: 0,
  partitionMsMax: 0,
  asymmetricChance: 0,
  clogEveryMs: 0,
  clogMsMax: 0,
  crashEveryMs: 0,
  downMsMax: 0,
  powerChance: 0,
  downHostsMax: 0,
  pauseEveryMs: 0,
  pauseMsMax: 0,
  clockJumpEveryMs: 0,
  clockJumpMsMax: 0,
  diskFullEveryMs: 0,
  diskFullMsMax: 0,
  corruptEveryMs: 0,
  damagedHostsMax: 0,
  wipeChance: 0,
  restoreChance: 0,
};

/** Nothing goes wrong; things only take their time. */
export const calm: FaultProfile = {
  network: {
    latencyMsMin: 0.2,
    latencyMsMax: 1,
    lossChance: 0,
    duplicateChance: 0,
    reorderChance: 0,
    strayMsMax: 0,
    splitChance: 0,
    silenceMsMax: 10_000,
  },
  disk: {
    latencyMsMin: 0.05,
    latencyMsMax: 0.5,
    readFailureChance: 0,
    writeFailureChance: 0,
    syncFailureChance: 0,
    roomBytes: 0,
    copiesOnWrite: false,
  },
  clock: { offsetMsMax: 0, driftMax: 0 },
  schedule: calmSchedule,
};
