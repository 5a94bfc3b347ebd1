import { describe, expect, it } from 'vitest';
import {
  calm,
  createSimulation,
  type DiskProfile,
  type SimulatedHost,
  type Simulation,
} from '../simulator/index.ts';
import {
  damageFile,
  type JournalStage,
  labels,
  names,
  type Opened,
  open,
  record,
  texts,
  tryOpen,
} from './testing/stage.ts';

interface Story extends JournalStage {
  readonly simulation: Simulation;
  readonly host: SimulatedHost;
}

function begin(seed: number, disk: Partial<DiskProfile> = {}): Story {
  const simulation = createSimulation({ seed, profile: { ...calm, disk: { ...calm.disk, ...disk } } });
  return {
    simulation,
    host: simulation.host('a'),
    folder: '/data',
    byteStep: 1,
    until: async (condition, what) => {
      if (!simulation.runUntil(condition, 60_000)) throw new Error(`${what} (seed ${seed})`);
    },
  };
}

describe('a write that fails', () => {
  it('is the end: told once, nothing acknowledged any more, everything refused', async () => {
    let ends = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const at = begin(seed, { writeFailureChance: 0.05 });
      const { opened } = await tryOpen(at, { segmentBytes: 1024 });
      if (opened === undefined) continue;
      const { journal, fatal, events } = opened;
      const told: number[] = [];
      let toldBeforeEnd = -1;
      for (let index = 0; index < 100 && fatal.length === 0; index++) {
        const { position } = journal;
        journal.append(record('x', 100), () => told.push(position));
        at.simulation.step();
        if (fatal.length > 0) toldBeforeEnd = told.length;
      }
      if (fatal.length === 0) continue;
      ends++;
      expect([journal.append(record('late'), () => {}), journal.refusing]).toEqual([false, 'stopped']);
      expect(
        journal.snapshot(
          () => () => undefined,
          () => {},
        ),
      ).toBe(false);
      at.simulation.runFor(1000);
      expect(told.length).toBe(toldBeforeEnd);
      expect(told).toEqual(Array.from(told, (_, index) => index));
      expect(fatal.length).toBe(1);
      expect(events.filter((event) => event.type === 'fatal').length).toBe(1);
      // What it holds can be let go of all the same.
      await opened.close();
    }
    expect(ends).toBeGreaterThan(20);
  });

  it('ends a snapshot, and nothing else', async () => {
    let failures = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const at = begin(seed, { writeFailureChance: 0.08 });
      const { opened } = await tryOpen(at, { segmentBytes: 65_536 });
      if (opened === undefined) continue;
      const outcome = await opened.snapshot(...labels(0, 4).map((label) => record(label, 300_000)));
      if (outcome.ok) continue;
      failures++;
      expect(outcome.failure.kind).toBe('io');
      expect(opened.fatal).toEqual([]);
      expect(opened.journal.refusing).toBe(undefined);
    }
    expect(failures).toBeGreaterThan(10);
  });
});

describe('a slow disk', () => {
  it('has all records before a snapshot durable when the snapshot is done', async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const at = begin(seed, { latencyMsMax: 100 });
      const opened = await open(at, { segmentBytes: 65_536 });
      let durable = 0;
      let durableThen = -1;
      for (const label of labels(0, 5)) opened.journal.append(record(label), () => durable++);
      opened.journal.snapshot(
        () => () => undefined,
        () => {
          durableThen = durable;
        },
      );
      await at.until(() => durableThen >= 0, 'the snapshot ends');
      expect(durableThen, `seed ${seed}`).toBe(5);
    }
  });
});

describe('a disk without room to grow', () => {
  /** Appends until it is refused, and returns how many were taken. */
  async function fill(at: Story, opened: Opened, from: number): Promise<number> {
    let taken = 0;
    for (;;) {
      let durable = false;
      const accepted = opened.journal.append(record(`r${from + taken}`, 100), () => {
        durable = true;
      });
      if (!accepted) return taken;
      taken++;
      // Room that was allocated is room: nothing is held.
      await at.until(() => durable, 'it is durable');
    }
  }

  it('has what was allocated used up, then refuses, and goes on when there is room', async () => {
    const at = begin(1);
    let opened = await open(at, { segmentBytes: 1024 });
    // Eight fit into a segment: the next one is made by now.
    await opened.append(...labels(0, 6).map((label) => record(label, 100)));
    at.simulation.runFor(100);
    at.host.setDiskFull(true);
    expect(await fill(at, opened, 6)).toBe(2 + 8);
    expect(opened.journal.refusing).toBe('full');
    expect(opened.counted('full')).toBe(1);
    at.simulation.runFor(5000);
    expect(opened.journal.append(record('refused', 100), () => {})).toBe(false);
    at.host.setDiskFull(false);
    await at.until(() => opened.journal.refusing === undefined, 'it notices that there is room');
    expect([opened.counted('full'), opened.counted('room')]).toEqual([1, 1]);
    for (const label of labels(16, 40)) await opened.append(record(label, 100));
    await opened.close();
    opened = await open(at);
    expect(texts(opened.records)).toEqual(labels(0, 40));
    await opened.close();
  });

  it('gives back what is whole when the tail is torn as well, with no room to keep it', async () => {
    const at = begin(1);
    let opened = await open(at, { segmentBytes: 1024 });
    for (const label of labels(0, 5)) await opened.append(record(label, 100));
    await opened.close();
    const [segment = ''] = await names(at, '.segment');
    await damageFile(at, segment, 32 + 4 * 112 + 60, new Uint8Array([1, 2, 3]));
    at.host.setDiskFull(true);
    opened = await open(at, { onDamage: 'truncate' });
    expect(texts(opened.records)).toEqual(labels(0, 4));
    expect(await names(at, 'damaged')).toEqual([]);
    at.host.setDiskFull(false);
    await at.until(() => opened.counted('room') === 1, 'there is room');
    await opened.append(record('later'));
    await opened.close();
    opened = await open(at);
    expect(texts(opened.records)).toEqual([...labels(0, 4), 'later']);
    await opened.close();
  });

  it('holds what was taken for a segment that turned out to have no room, and nothing more', async () => {
    const at = begin(3);
    let opened = await open(at, { segmentBytes: 1024 });
    at.host.setDiskFull(true);
    const told: string[] = [];
    // Eight fit into the first segment; that there is no room for the next is not known yet.
    for (const label of labels(0, 12)) {
      expect(opened.journal.append(record(label, 100), () => told.push(label))).toBe(true);
    }
    at.simulation.runFor(1000);
    expect(told).toEqual(labels(0, 8));
    expect(opened.journal.append(record('refused'), () => expect.unreachable())).toBe(false);
    expect(opened.journal.refusing).toBe('full');
    at.host.setDiskFull(false);
    await at.until(() => told.length === 12, 'what was held is durable');
    expect(told).toEqual(labels(0, 12));
    await opened.close();
    opened = await open(at);
    expect(texts(opened.records)).toEqual(labels(0, 12));
    await opened.close();
  });

  it('can be opened, read and snapshots tried; room that they free is used', async () => {
    const at = begin(2);
    let opened = await open(at, { segmentBytes: 1024 });
    for (const label of labels(0, 30)) await opened.append(record(label, 100));
    await opened.close();
    at.host.setDiskFull(true);
    opened = await open(at, { segmentBytes: 1024 });
    expect(texts(opened.records)).toEqual(labels(0, 30));
    expect(await fill(at, opened, 30)).toBe(0);
    expect(await opened.snapshot(record('chunk'))).toMatchObject({ ok: false, failure: { kind: 'full' } });
    // It does not wait for room that may never come when nothing is queued.
    await opened.close();
    at.host.setDiskFull(false);
    opened = await open(at, { segmentBytes: 1024 });
    expect(texts(opened.records)).toEqual(labels(0, 30));
    await opened.append(record('r30'));
    await opened.close();
  });
});
