import { describe, expect, it } from 'vitest';
import { calm, createSimulation } from '../simulator/index.ts';
import { type SimulatedStage, simulated } from './testing/simulated.ts';
import {
  damageFile,
  labels,
  names,
  type Opened,
  open,
  record,
  succeed,
  texts,
  withFile,
} from './testing/stage.ts';
import { Subject } from './testing/subject.ts';
import { WatchedDisk } from './testing/watched-disk.ts';

const blockBytes = 4096;
const segmentBytes = 8 * blockBytes;

/** Appends one after the other until there is no room; returns how many were taken. */
async function fill(at: SimulatedStage, opened: Opened, bytes = 4000, pauseMs = 5): Promise<number> {
  let taken = 0;
  for (;;) {
    let durable = false;
    const label = `r${opened.journal.position}`;
    if (opened.journal.append(record(label, bytes), () => (durable = true))) {
      taken++;
      await at.until(() => durable, 'it is durable');
      // None is given its place in a segment of which it is not known yet that it has no room.
      at.simulation.runFor(pauseMs);
    } else if (opened.journal.refusing === 'full') {
      return taken;
    } else {
      at.simulation.runFor(1);
    }
  }
}

/** What is read when it is opened again: of the snapshot, and behind it. */
async function expectKept(
  at: SimulatedStage,
  chunks: readonly string[],
  records: readonly string[],
  options: Parameters<typeof open>[1] = { segmentBytes },
): Promise<void> {
  const opened = await open(at, options);
  expect([texts(opened.chunks), texts(opened.records)]).toEqual([chunks, records]);
  await opened.close();
}

function takesRecords(at: SimulatedStage, { journal }: Opened): Promise<void> {
  return at.until(() => journal.refusing === undefined, 'it takes records again');
}

describe('a disk with little room', () => {
  it('is left what a segment would take in vain: a snapshot makes room with it', async () => {
    const at = simulated(1, { roomBytes: 3 * segmentBytes + 4 * blockBytes });
    const opened = await open(at, { segmentBytes });
    for (let round = 0; round < 5; round++) {
      expect(await fill(at, opened)).toBeGreaterThan(0);
      at.simulation.runFor(1000);
      expect(await opened.snapshot(record('chunk', 5000))).toMatchObject({ ok: true });
      await takesRecords(at, opened);
    }
    await opened.append(record('later'));
    await opened.close();
    await expectKept(at, ['chunk'], ['later']);
  });

  it('is tried again ever more rarely', async () => {
    const at = simulated(1, { roomBytes: segmentBytes + 4 * blockBytes });
    const disk = new WatchedDisk(at.host.disk);
    const opened = await open(at, { segmentBytes, disk });
    await fill(at, opened);
    const { write } = disk.counts;
    at.simulation.runFor(60_000);
    expect(disk.counts.write - write).toBeGreaterThan(20);
    expect(disk.counts.write - write).toBeLessThan(40);
    expect(opened.counted('full')).toBe(1);
    await opened.close();
  });

  it('is left to a snapshot while that is written', async () => {
    const large = 1024 * blockBytes;
    const roomBytes = 2 * large + 900 * blockBytes;
    // At moments at which a segment is being tried as well.
    for (let moment = 0; moment < 20; moment++) {
      const at = simulated(1, { roomBytes, latencyMsMin: 300, latencyMsMax: 400 });
      const opened = await open(at, { segmentBytes: large });
      await fill(at, opened, 800_000, 4000);
      at.simulation.runFor(300 * moment);
      const chunks = labels(0, 12).map((label) => record(label, 250_000));
      expect(await opened.snapshot(...chunks), `moment ${moment}`).toMatchObject({ ok: true });
      await takesRecords(at, opened);
      await opened.close();
    }
  });

  it('has the last segment replaced when it is full at the opening, too', async () => {
    const at = simulated(1, { roomBytes: 2 * segmentBytes });
    let opened = await open(at, { segmentBytes });
    await opened.append(record('r0'));
    expect(await opened.snapshot(record('all'))).toMatchObject({ ok: true });
    await opened.close();
    await withFile(at, '../other', (file) =>
      succeed<void>(at, (done) => file.write(0, new Uint8Array(2 * blockBytes), done)),
    );
    opened = await open(at, { segmentBytes });
    expect(opened.counted('full')).toBe(1);
    await at.until(() => opened.counted('room') === 1, 'there is room');
    await opened.append(record('r1'));
    await opened.close();
    await expectKept(at, ['all'], ['r1']);
  });

  it('has the last segment replaced as well, when a snapshot covers it', async () => {
    const at = simulated(1, { roomBytes: segmentBytes + 4 * blockBytes });
    let opened = await open(at, { segmentBytes });
    for (let round = 0; round < 3; round++) {
      await fill(at, opened);
      expect(await opened.snapshot(record(`to ${opened.journal.position}`))).toMatchObject({ ok: true });
      await takesRecords(at, opened);
    }
    const taken = await fill(at, opened);
    expect(taken).toBeGreaterThan(5);
    const { position } = opened.journal;
    await opened.close();
    // Opened without room as well.
    opened = await open(at, { segmentBytes });
    expect(texts(opened.chunks)).toEqual([`to ${position - taken}`]);
    expect(texts(opened.records)).toEqual(labels(position - taken, position));
    expect(await fill(at, opened)).toBe(0);
    await opened.snapshot(record('all'));
    await takesRecords(at, opened);
    await opened.append(record('later'));
    await opened.close();
    await expectKept(at, ['all'], ['later']);
  });

  it('keeps the last segment while an older snapshot needs it', async () => {
    const at = simulated(1, { roomBytes: segmentBytes + 4 * blockBytes });
    const opened = await open(at, { segmentBytes, olderSnapshots: 1 });
    await opened.append(record('r0', 4000));
    expect(await opened.snapshot(record('first'))).toMatchObject({ ok: true });
    const taken = 1 + (await fill(at, opened));
    expect(await opened.snapshot(record('all'))).toMatchObject({ ok: true });
    at.simulation.runFor(10_000);
    expect(opened.journal.refusing).toBe('full');
    await opened.close();
    await damageFile(at, '0000000000000008.snapshot', 40);
    await expectKept(at, ['first'], labels(1, taken), { segmentBytes, olderSnapshots: 1 });
  });

  it('is given just those records that have their place in a segment already', async () => {
    const at = simulated(1, { roomBytes: 2 * segmentBytes - blockBytes });
    const opened = await open(at, { segmentBytes });
    let durable = 0;
    // Eight fit into the first segment; that there is no room for the next is not known yet.
    for (const label of labels(0, 10)) opened.journal.append(record(label, 4000), () => durable++);
    await at.until(() => durable === 10, 'all are durable');
    expect(await fill(at, opened)).toBe(0);
    await at.until(() => opened.counted('full') === 1, 'there is no room for another');
    expect(await opened.snapshot(record('all'))).toMatchObject({ ok: true });
    await takesRecords(at, opened);
    await opened.append(record('later'));
    await opened.close();
    await expectKept(at, ['all'], ['later']);
  });

  it('is tried again after a snapshot that had to wait for those', async () => {
    const at = simulated(1, { roomBytes: 2 * segmentBytes - blockBytes });
    const opened = await open(at, { segmentBytes });
    for (const label of labels(0, 10)) opened.journal.append(record(label, 4000), () => {});
    expect(await opened.snapshot(record('all'))).toMatchObject({ ok: true, position: 10 });
    const accepted = (): boolean => opened.journal.append(record('later', 4000), () => {});
    await at.until(accepted, 'it takes records again');
    await opened.close();
  });

  it('has no snapshot wait for records that wait for its room', async () => {
    const large = 6 * 1024 * 1024;
    const at = simulated(1, { roomBytes: 2 * large + 16 * blockBytes });
    const opened = await open(at, { segmentBytes: large });
    let durable = 0;
    let taken = 0;
    // As many as two segments hold: the second is only being made.
    while (taken < 190) if (opened.journal.append(record('r', 65_536), () => durable++)) taken++;
    expect(await opened.snapshot(record('chunk', 200_000))).toMatchObject({
      ok: false,
      failure: { kind: 'full', message: 'Records before the snapshot wait for room.' },
    });
    expect(await names(at, '.snapshot')).toEqual([]);
    await at.until(() => durable === taken, 'all are durable');
    expect(opened.counted('full')).toBe(1);
    expect(await opened.snapshot(record('chunk', 20_000))).toMatchObject({ ok: true });
    await opened.close();
  });

  it('loses nothing that was durable, whenever the host crashes', () => {
    let snapshots = 0;
    for (let seed = 1; seed <= 15; seed++) {
      // For some segments, and a little more for snapshots.
      const roomBytes = (15 + 8 * (seed % 4)) * blockBytes;
      const profile = { ...calm, disk: { ...calm.disk, roomBytes, latencyMsMax: 2 } };
      const simulation = createSimulation({ seed, profile });
      const { prng } = simulation;
      let lengthMax = 250;
      const subject: Subject = new Subject({
        simulation,
        segmentBytes,
        olderSnapshots: seed % 3 === 0 ? 1 : 0,
        rots: false,
        work: (journal, host) => {
          const turn = (): void => {
            for (let count = prng.below(4); count > 0 && subject.history.length < lengthMax; count--) {
              subject.append(4000);
            }
            if (journal.refusing === 'full' && prng.chance(0.2)) subject.snapshot(20);
            host.clock.setTimer(5 * prng.fraction(), turn);
          };
          turn();
        },
      });
      for (let crash = 0; crash < 8; crash++) {
        simulation.runFor(1000 * prng.fraction());
        subject.host.crash(prng.chance(0.5) ? 'power' : 'process');
        subject.host.restart();
      }
      simulation.runUntil(() => subject.journal !== undefined, 10_000);
      expect([subject.problem, subject.journal === undefined], `seed ${seed}`).toEqual([undefined, false]);
      snapshots += subject.snapshots;
      // Without an older snapshot to be kept there is always a way on.
      lengthMax = 400;
      const goesOn = simulation.runUntil(() => subject.history.durable === lengthMax, 60_000);
      expect(goesOn || seed % 3 === 0, `seed ${seed}`).toBe(true);
    }
    expect(snapshots).toBeGreaterThan(30);
  });
});
