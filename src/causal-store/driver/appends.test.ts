import { describe, expect, it } from 'vitest';
import { type Journal, makesRoom, openJournal } from '../../journal/index.ts';
import { createSimulation } from '../../simulator/index.ts';
import { Appends, type Refusing } from './appends.ts';

/** The way to a real journal on a simulated disk. */
function opened() {
  const simulation = createSimulation({ seed: 1 });
  const host = simulation.host('a');
  let journal: Journal | undefined;
  let appends: Appends | undefined;
  const told: Refusing[] = [];
  const durable: number[] = [];
  openJournal(
    {
      disk: host.disk,
      clock: host.clock,
      folder: '/journal',
      onDamage: 'truncate',
      segmentBytes: 4 * 1024,
      fatal: (failure) => {
        throw new Error(failure.message);
      },
      observe: (event) => {
        if (makesRoom(event)) appends?.retrySoon();
      },
    },
    { snapshot: () => {}, record: () => {} },
    (outcome) => {
      if (outcome.ok) journal = outcome.journal;
    },
  );
  simulation.runUntil(() => journal !== undefined, 1_000);
  appends = new Appends({
    clock: host.clock,
    journal,
    onDurable: (count) => durable.push(count),
    onRefusing: (refusing) => told.push(refusing),
  });
  return { simulation, host, appends, told, durable };
}

describe('appends', () => {
  it('that become durable together are told together, all of them once', () => {
    const { simulation, appends, durable, told } = opened();
    for (let count = 0; count < 50; count++) appends.append(Buffer.alloc(10));
    expect(durable).toEqual([]);
    simulation.runFor(1_000);
    expect(durable.reduce((sum, count) => sum + count, 0)).toBe(50);
    expect(durable.length).toBeLessThan(10);
    expect(told).toEqual([]);
  });

  it('wait for a segment that is large enough, be nothing else appended or made durable meanwhile', () => {
    const { simulation, appends, durable, told } = opened();
    for (let count = 0; count < 3; count++) appends.append(Buffer.alloc(1_000));
    // The next segment is being made, of a size that is not enough for this one.
    appends.append(Buffer.alloc(10_000));
    simulation.runFor(1_000);
    expect(told).toEqual(['busy', undefined]);
    expect(durable.reduce((sum, count) => sum + count, 0)).toBe(4);
  });

  it('wait for room in their order, and the core hears that there is none, and when there is', () => {
    const { simulation, host, appends, durable, told } = opened();
    host.setDiskFull(true);
    for (let count = 0; count < 50; count++) appends.append(Buffer.alloc(1_000));
    simulation.runFor(1_000);
    expect(told.at(-1)).toBe('full');
    host.setDiskFull(false);
    simulation.runFor(10_000);
    expect(told.at(-1)).toBeUndefined();
    expect(durable.reduce((sum, count) => sum + count, 0)).toBe(50);
  });
});

it('are at once as durable as they will be where nothing is kept', () => {
  const simulation = createSimulation({ seed: 1 });
  const durable: number[] = [];
  const appends = new Appends({
    clock: simulation.host('a').clock,
    journal: undefined,
    onDurable: (count) => durable.push(count),
    onRefusing: () => {},
  });
  appends.append(Buffer.alloc(1));
  appends.append(Buffer.alloc(1));
  expect(durable).toEqual([]);
  simulation.runFor(1);
  expect(durable).toEqual([2]);
});
