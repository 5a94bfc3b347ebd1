import { describe, expect, it } from 'vitest';
import { simulated as begin, type SimulatedStage as Story } from './testing/simulated.ts';
import { damageFile, labels, names, type Opened, open, record, texts, tryOpen } from './testing/stage.ts';
import { WatchedDisk } from './testing/watched-disk.ts';

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

describe('a write that fails', () => {
  it('is the end: told once, nothing acknowledged any more, everything refused', async () => {
    let ends = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const at = begin(seed, { writeFailureChance: 0.05 });
      const disk = new WatchedDisk(at.host.disk);
      const { opened } = await tryOpen(at, { segmentBytes: 1024, disk });
      // Whether it is over before it began, or later: nothing is left open.
      if (opened === undefined) expect(disk.openFiles, `seed ${seed}`).toBe(0);
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
      expect([disk.openFiles, disk.openAtRelease], `seed ${seed}`).toEqual([0, 0]);
    }
    expect(ends).toBeGreaterThan(20);
  });

  it('has what it wrote to closed, in two segments as well, before it lets go of the folder', async () => {
    const at = begin(1, { latencyMsMin: 10, latencyMsMax: 20 });
    const disk = new WatchedDisk(at.host.disk);
    const opened = await open(at, { segmentBytes: 1024, disk });
    await opened.append(...labels(0, 6).map((label) => record(label, 100)));
    // The next segment is ready: of these two go into this one, the others into that.
    at.simulation.runFor(1000);
    for (const label of labels(6, 10))
      opened.journal.append(record(label, 100), () => expect.unreachable());
    disk.failing = { write: 'io' };
    await at.until(() => opened.fatal.length > 0, 'the write fails');
    await opened.close();
    expect([disk.openFiles, disk.openAtRelease]).toEqual([0, 0]);
  });

  it('leaves nothing open where it fails at the start', async () => {
    const at = begin(1);
    const disk = new WatchedDisk(at.host.disk);
    disk.failing = { write: 'io' };
    expect(await tryOpen(at, { disk })).toMatchObject({
      outcome: { ok: false, failure: { kind: 'disk' } },
    });
    expect([disk.openFiles, disk.openAtRelease]).toEqual([0, 0]);
    disk.failing = {};
    await (await open(at, { disk })).close();
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

describe('a sync of names that fails', () => {
  it('is the end when a snapshot has just been put in its place', async () => {
    const at = begin(1);
    const disk = new WatchedDisk(at.host.disk);
    const opened = await open(at, { disk });
    await opened.append(record('r0'));
    disk.failing = { syncDirectory: 'io' };
    expect(await opened.snapshot(record('chunk'))).toMatchObject({ ok: false, failure: { kind: 'io' } });
    expect([opened.fatal.length, opened.journal.refusing]).toEqual([1, 'stopped']);
    expect([opened.counted('fatal'), opened.counted('snapshot-failed')]).toEqual([1, 0]);
    await opened.close();
  });
});

describe('a process without descriptors', () => {
  it('refuses records while it can open no segment, and goes on', async () => {
    const at = begin(1);
    const disk = new WatchedDisk(at.host.disk);
    let opened = await open(at, { segmentBytes: 1024, disk });
    disk.failing = { open: 'too-many-open', syncDirectory: 'too-many-open' };
    const taken = await fill(at, opened, 0);
    expect([opened.journal.refusing, opened.fatal]).toEqual(['full', []]);
    expect(await opened.snapshot(record('chunk'))).toMatchObject({
      ok: false,
      failure: { kind: 'too-many-open' },
    });
    // Opened, it has its name made durable later, and is not written anew for that.
    disk.failing = { syncDirectory: 'too-many-open' };
    at.simulation.runFor(10_000);
    const { write } = disk.counts;
    at.simulation.runFor(10_000);
    expect([disk.counts.write, opened.journal.refusing]).toEqual([write, 'full']);
    disk.failing = {};
    await at.until(() => opened.journal.refusing === undefined, 'it takes records again');
    for (const label of labels(taken, taken + 10)) await opened.append(record(label, 100));
    await opened.close();
    opened = await open(at);
    expect(texts(opened.records)).toEqual(labels(0, taken + 10));
    await opened.close();
  });

  it('has a snapshot wait until its name can be made durable', async () => {
    const at = begin(1);
    const disk = new WatchedDisk(at.host.disk);
    const opened = await open(at, { disk });
    await opened.append(record('r0'));
    disk.failing = { syncDirectory: 'too-many-open' };
    at.simulation.after(1000, () => {
      disk.failing = {};
    });
    expect(await opened.snapshot(record('chunk'))).toMatchObject({ ok: true, position: 1 });
    expect(opened.fatal).toEqual([]);
    await opened.close();
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
