import { describe, expect, it } from 'vitest';
import { seedOf } from '../host/acceptance/index.ts';
import type { Disk } from '../host/index.ts';
import { describeFailure, runSeeds } from '../simulator/index.ts';
import { journalScenario } from './testing/scenario.ts';

const firstSeed = seedOf(import.meta.url);
const seeds = process.env.SEED === undefined ? 60 : 1;

describe('a journal on a disk where everything may go wrong', { timeout: 120_000 }, () => {
  it('shows after each recovery what was durable, and nothing that was not appended', () => {
    const { runs, failures } = runSeeds(journalScenario(), { seeds, firstSeed });
    const [failure] = failures;
    if (failure !== undefined) {
      const replay = `Replay with: SEED=${failure.seed} npm test -- src/journal/swarm.test.ts`;
      throw new Error(`${describeFailure(failure)}\n${replay}`);
    }
    expect(runs).toBe(seeds);
  });

  it('does the same again from the same seed', () => {
    const { failures } = runSeeds(journalScenario(), { seeds: 3, firstSeed: 1, twice: true });
    expect(failures.map(describeFailure)).toEqual([]);
  });
});

/** Whether the simulation would find a journal that forgets something: the disk forgets it for it. */
describe('a disk that lies is found out', { timeout: 120_000 }, () => {
  const lies: Record<string, (disk: Disk) => Partial<Disk>> = {
    'writes do not go through': (disk) => ({
      open: (path, { create }, done) => disk.open(path, { create }, done),
    }),
    'names are not synced': (disk) => ({
      syncDirectory: (path, done) => disk.list(path, (outcome) => done(outcome.ok ? done0 : outcome)),
    }),
  };
  const done0 = { ok: true, value: undefined } as const;
  it.each(Object.entries(lies))('%s', (_, lie) => {
    const scenario = journalScenario((disk) => overlaid(disk, lie(disk)));
    const { failures } = runSeeds(scenario, { seeds: 100, firstSeed: 1 });
    expect(failures.map((failure) => failure.message)).toHaveLength(1);
  });
});

function overlaid(disk: Disk, other: Partial<Disk>): Disk {
  return {
    makeDirectory: (path, done) => disk.makeDirectory(path, done),
    list: (path, done) => disk.list(path, done),
    open: (path, options, done) => disk.open(path, options, done),
    rename: (from, to, done) => disk.rename(from, to, done),
    remove: (path, done) => disk.remove(path, done),
    syncDirectory: (path, done) => disk.syncDirectory(path, done),
    lock: (path, done) => disk.lock(path, done),
    ...other,
  };
}
