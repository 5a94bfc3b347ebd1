import { type FaultProfile, swarm } from 'holdfast/simulator';
import type { Prng } from 'holdfast/std';

/**
 * Half of the runs meet a random half of everything. The others have one trouble again and again, and are
 * spared what would hide its traces: much is acknowledged while power fails, disks come back as they once
 * were, the network divides.
 */
export function drawFaults(prng: Prng): FaultProfile {
  const all = swarm(prng, { downHostsMax: prng.chance(0.3) ? 9 : 1 });
  const die = prng.below(6);
  if (die === 0) return powerCuts(all, prng);
  if (die === 1) return oldDisks(all, prng);
  if (die === 2) return divisions(all, prng);
  return all;
}

const wholeDisks = { corruptEveryMs: 0, wipeChance: 0, restoreChance: 0, diskFullEveryMs: 0 };

/** Everything acknowledged must survive: the disks keep what was synced. */
function powerCuts({ network, disk, clock, schedule }: FaultProfile, prng: Prng): FaultProfile {
  const often = { crashEveryMs: 300 + prng.below(1_500), powerChance: 1, downMsMax: 200, downHostsMax: 9 };
  const slow = { latencyMsMax: 10 + prng.below(60), readFailureChance: 0, syncFailureChance: 0 };
  const rare = { pauseEveryMs: 0, clogEveryMs: 0 };
  return {
    network,
    disk: { ...disk, ...slow, writeFailureChance: 0 },
    clock,
    schedule: { ...schedule, ...often, ...wholeDisks, ...rare },
  };
}

/** One disk is put back from a copy, or is a new one, time and again. */
function oldDisks({ network, disk, clock, schedule }: FaultProfile, prng: Prng): FaultProfile {
  const often = { crashEveryMs: 500 + prng.below(2_000), powerChance: 1, downMsMax: 500 };
  const damage = { wipeChance: prng.fraction() * 0.4, restoreChance: 0.7, damagedHostsMax: 1 };
  return { network, disk, clock, schedule: { ...schedule, ...wholeDisks, ...often, ...damage } };
}

/** Parts that go on by themselves for a while, with clocks of their own. */
function divisions({ network, disk, schedule }: FaultProfile, prng: Prng): FaultProfile {
  const often = {
    partitionEveryMs: 2_000 + prng.below(3_000),
    partitionMsMax: 6_000,
    asymmetricChance: 0.2,
    crashEveryMs: 0,
    pauseEveryMs: 0,
  };
  return {
    network: { ...network, lossChance: 0 },
    disk,
    clock: { offsetMsMax: 300, driftMax: 0 },
    schedule: { ...schedule, ...wholeDisks, ...often },
  };
}
