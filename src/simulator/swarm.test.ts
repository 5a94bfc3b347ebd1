import { describe, expect, it } from 'vitest';
import { Prng } from '../std/index.ts';
import { calmSchedule, type FaultProfile, faultKinds, swarm } from './index.ts';

const profiles = (options = {}): FaultProfile[] =>
  Array.from({ length: 200 }, (_, seed) => swarm(new Prng(seed), options));

describe('swarm', () => {
  it('draws the same for the same seed', () => {
    expect(swarm(new Prng(9))).toEqual(swarm(new Prng(9)));
  });

  it('brings every kind into some runs and leaves it out of others', () => {
    const rates: Record<string, (profile: FaultProfile) => number> = {
      loss: ({ network }) => network.lossChance,
      duplication: ({ network }) => network.duplicateChance,
      reordering: ({ network }) => network.reorderChance,
      splitting: ({ network }) => network.splitChance,
      partition: ({ schedule }) => schedule.partitionEveryMs,
      clog: ({ schedule }) => schedule.clogEveryMs,
      crash: ({ schedule }) => schedule.crashEveryMs,
      power: ({ schedule }) => schedule.powerChance,
      pause: ({ schedule }) => schedule.pauseEveryMs,
      offset: ({ clock }) => clock.offsetMsMax,
      drift: ({ clock }) => clock.driftMax,
      jump: ({ schedule }) => schedule.clockJumpEveryMs,
      full: ({ schedule }) => schedule.diskFullEveryMs,
      read: ({ disk }) => disk.readFailureChance,
      write: ({ disk }) => disk.writeFailureChance,
      sync: ({ disk }) => disk.syncFailureChance,
      corruption: ({ schedule }) => schedule.corruptEveryMs,
      wipe: ({ schedule }) => schedule.wipeChance,
      restore: ({ schedule }) => schedule.restoreChance,
    };
    const drawn = profiles();
    for (const [kind, rate] of Object.entries(rates)) {
      const present = drawn.filter((profile) => rate(profile) > 0).length;
      expect(present, kind).toBeGreaterThan(50);
      expect(present, kind).toBeLessThan(200);
    }
    expect(faultKinds.length).toBe(Object.keys(rates).length + 1);
    expect(new Set(drawn.map(({ disk }) => disk.copiesOnWrite)).size).toBe(2);
  });

  it('brings only what it may', () => {
    for (const profile of profiles({ kinds: [] })) {
      const { network, disk, schedule } = profile;
      expect([network.lossChance, network.duplicateChance, network.reorderChance]).toEqual([0, 0, 0]);
      expect([disk.readFailureChance, disk.writeFailureChance, disk.syncFailureChance]).toEqual([0, 0, 0]);
      for (const [name, rate] of Object.entries(schedule)) {
        if (name.endsWith('EveryMs') || name.startsWith('wipe')) expect(rate, name).toBe(0);
      }
    }
    expect(Object.values(calmSchedule).every((rate) => rate === 0)).toBe(true);
  });

  it('leaves the other kinds as they are when one is left out', () => {
    const all = swarm(new Prng(3));
    const without = swarm(new Prng(3), { kinds: faultKinds.filter((kind) => kind !== 'loss') });
    expect({ ...without, network: { ...without.network, lossChance: all.network.lossChance } }).toEqual(
      all,
    );
  });
});
