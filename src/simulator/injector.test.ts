import { describe, expect, it } from 'vitest';
import { calm, createSimulation, type FaultSchedule, type Simulation } from './index.ts';

function struck(schedule: Partial<FaultSchedule>, seed = 1): { simulation: Simulation; kinds: string[] } {
  const simulation = createSimulation({
    seed,
    profile: { ...calm, schedule: { ...calm.schedule, ...schedule } },
    transcriptLines: 500,
  });
  for (const name of ['a', 'b', 'c']) {
    simulation.host(name).boot(({ disk }) => {
      disk.open('/file', { create: true }, (outcome) => {
        if (!outcome.ok) return;
        const file = outcome.value;
        file.write(0, new Uint8Array(100), () => file.sync(() => disk.syncDirectory('/', () => {})));
      });
    });
  }
  simulation.host('client');
  simulation.startFaults();
  simulation.runFor(10_000);
  const kinds = simulation.transcript().map((line) => line.replace(/^.* ms {2}/, ''));
  return { simulation, kinds };
}

const count = (lines: readonly string[], pattern: RegExp): number =>
  lines.filter((line) => pattern.test(line)).length;

describe('the schedule of faults', () => {
  it('does nothing when it is calm', () => {
    const { kinds } = struck({});
    expect(count(kinds, /disk/)).toBe(kinds.length);
  });

  it('partitions and mends, both ways and one way', () => {
    const { kinds } = struck({ partitionEveryMs: 300, partitionMsMax: 200, asymmetricChance: 0.5 });
    expect(count(kinds, /partition .*<->/)).toBeGreaterThan(3);
    expect(count(kinds, /partition .* ->/)).toBeGreaterThan(3);
    const started = count(kinds, /partition /);
    expect(started - count(kinds, /mend /)).toBeLessThan(3);
    expect(started).toBeGreaterThan(20);
  });

  it('crashes hosts that have a program, never more at once than it may, and restarts them', () => {
    const schedule = { crashEveryMs: 100, downMsMax: 1000, powerChance: 0.5, downHostsMax: 2 };
    const { simulation, kinds } = struck(schedule);
    expect(count(kinds, /crash +power/)).toBeGreaterThan(3);
    expect(count(kinds, /crash +process/)).toBeGreaterThan(3);
    expect(count(kinds, /client/)).toBe(0);
    let down = 0;
    let mostDown = 0;
    for (const kind of kinds) {
      if (kind.includes('crash')) down++;
      if (kind.includes('restart')) down--;
      mostDown = Math.max(mostDown, down);
    }
    expect(mostDown).toBe(2);
    simulation.heal();
    expect(simulation.hosts.every((host) => host.up)).toBe(true);
  });

  it('pauses, clogs, fills disks and moves clocks', () => {
    const { simulation, kinds } = struck({
      pauseEveryMs: 500,
      pauseMsMax: 300,
      clogEveryMs: 500,
      clogMsMax: 300,
      clockJumpEveryMs: 500,
      clockJumpMsMax: 1000,
      diskFullEveryMs: 500,
      diskFullMsMax: 300,
    });
    for (const kind of [/pause/, /resume/, /clog/, /clock/, /disk-full +true/, /disk-full +false/]) {
      expect(count(kinds, kind), String(kind)).toBeGreaterThan(3);
    }
    simulation.heal();
    expect(simulation.hosts.some((host) => host.paused)).toBe(false);
    const before = simulation.recorded;
    simulation.runFor(10_000);
    expect(simulation.recorded).toBe(before);
  });

  it('damages no more hosts than it may', () => {
    const damages = {
      corruptEveryMs: 300,
      crashEveryMs: 300,
      downMsMax: 100,
      powerChance: 1,
      downHostsMax: 1,
      wipeChance: 0.3,
      restoreChance: 0.5,
    };
    const damaged = (damagedHostsMax: number): number => {
      const { kinds } = struck({ ...damages, damagedHostsMax });
      const hosts = kinds
        .filter((line) => /corrupt|wipe|restore/.test(line))
        .map((line) => line.split(' ')[0]);
      return new Set(hosts).size;
    };
    expect(damaged(0)).toBe(0);
    expect(damaged(1)).toBe(1);
    expect(damaged(3)).toBe(3);
  });
});
