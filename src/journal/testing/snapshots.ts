import { expect } from 'vitest';
import { Prng } from '../../std/index.ts';
import {
  damageFile,
  damageOf,
  type JournalStage,
  labels,
  names,
  open,
  readAll,
  record,
  succeed,
  texts,
  tryOpen,
  withFile,
} from './stage.ts';

export async function replace(stage: JournalStage): Promise<void> {
  let opened = await open(stage);
  for (const label of labels(0, 100)) await opened.append(record(label, 200));
  expect((await names(stage, '.segment')).length).toBeGreaterThan(5);
  const outcome = await opened.snapshot(record('one'), record('two'));
  const [name = ''] = await names(stage, '.snapshot');
  expect(outcome).toEqual({ ok: true, position: 100, bytes: (await readAll(stage, name)).byteLength });
  // The one in use, and the next.
  expect((await names(stage, '.segment')).length).toBeLessThanOrEqual(2);
  await opened.append(record('r100'));
  await opened.close();
  opened = await open(stage);
  expect(texts(opened.chunks)).toEqual(['one', 'two']);
  expect(texts(opened.records)).toEqual(['r100']);
  expect(opened.outcome.recovered).toMatchObject({ position: 101, snapshotPosition: 100, records: 1 });
  await opened.snapshot(record('three'));
  expect(await names(stage, '.snapshot')).toEqual(['0000000000000101.snapshot']);
  await opened.close();
  opened = await open(stage);
  expect([texts(opened.chunks), texts(opened.records)]).toEqual([['three'], []]);
  expect(opened.journal.position).toBe(101);
  await opened.close();
}

export async function whileAppending(stage: JournalStage): Promise<void> {
  const opened = await open(stage, { segmentBytes: 65_536 });
  await opened.append(record('r0'));
  let position = 1;
  let durable = 0;
  let ended = false;
  let chunks = 0;
  opened.journal.snapshot(
    (at) => {
      expect(at).toBe(1);
      return () => {
        if (chunks === 40) return undefined;
        chunks++;
        if (opened.journal.append(record(`r${position}`), () => durable++)) position++;
        return record(`c${chunks}`, 50_000);
      };
    },
    (outcome) => {
      expect(outcome).toMatchObject({ ok: true, position: 1 });
      ended = true;
    },
  );
  // Asked for no more than fits into one turn.
  expect(chunks).toBeLessThan(7);
  await stage.until(() => ended && durable === position - 1, 'all is durable');
  expect(position).toBeGreaterThan(20);
  await opened.close();
  const next = await open(stage);
  expect(texts(next.chunks)).toEqual(Array.from({ length: 40 }, (_, index) => `c${index + 1}`));
  expect(texts(next.records)).toEqual(labels(1, position));
  await next.close();
}

export async function sizes(stage: JournalStage): Promise<void> {
  let opened = await open(stage);
  expect(await opened.snapshot()).toMatchObject({ ok: true, position: 0 });
  await opened.close();
  opened = await open(stage);
  expect(opened.outcome.recovered).toMatchObject({ position: 0, snapshotPosition: 0, records: 0 });
  const prng = new Prng(3);
  const chunks = [1, 100_000, 262_000, 300_000, 3, 2_500_000].map((length) => prng.bytes(length));
  await opened.append(record('r0'));
  expect(await opened.snapshot(record('other'))).toMatchObject({ ok: true });
  expect(await opened.snapshot(...chunks)).toMatchObject({ ok: true, position: 1 });
  await opened.close();
  opened = await open(stage);
  expect(opened.chunks.map((chunk) => chunk.byteLength)).toEqual(chunks.map((chunk) => chunk.byteLength));
  for (const [index, chunk] of chunks.entries()) {
    expect(Buffer.compare(opened.chunks[index] as Uint8Array, chunk)).toBe(0);
  }
  await opened.close();
}

export async function oneAtATime(stage: JournalStage): Promise<void> {
  const opened = await open(stage);
  let ended = 0;
  const take = (): boolean =>
    opened.journal.snapshot(
      () => () => undefined,
      () => ended++,
    );
  expect([take(), take()]).toEqual([true, false]);
  await stage.until(() => ended === 1, 'the first ends');
  expect(take()).toBe(true);
  await stage.until(() => ended === 2, 'the next ends');
  await opened.close();
}

export async function bytesSince(stage: JournalStage): Promise<void> {
  let opened = await open(stage);
  expect(opened.journal.bytesSinceSnapshot).toBe(0);
  await opened.append(record('x', 100), record('x', 20));
  expect(opened.journal.bytesSinceSnapshot).toBe(120);
  await opened.close();
  opened = await open(stage);
  expect(opened.journal.bytesSinceSnapshot).toBe(120);
  await opened.snapshot(record('x', 1000));
  expect(opened.journal.bytesSinceSnapshot).toBe(0);
  await opened.append(record('x', 7));
  expect(opened.journal.bytesSinceSnapshot).toBe(7);
  await opened.close();
  opened = await open(stage);
  expect(opened.journal.bytesSinceSnapshot).toBe(7);
  await opened.close();
}

/** Snapshots at 20 and 40 of 60 records. */
async function prepare(stage: JournalStage, olderSnapshots: 0 | 1): Promise<void> {
  const opened = await open(stage, { olderSnapshots });
  for (const label of labels(0, 60)) {
    await opened.append(record(label, 200));
    const { position } = opened.journal;
    if (position === 20 || position === 40) await opened.snapshot(record(`to ${position}`));
  }
  await opened.close();
}

const newest = '0000000000000040.snapshot';

export async function fallBack(stage: JournalStage): Promise<void> {
  await prepare(stage, 1);
  expect((await names(stage, '.snapshot')).length).toBe(2);
  await damageFile(stage, newest, 45);
  const opened = await open(stage, { olderSnapshots: 1 });
  expect(texts(opened.chunks)).toEqual(['to 20']);
  expect(texts(opened.records)).toEqual(labels(20, 60));
  const { damage, snapshotPosition } = opened.outcome.recovered;
  expect(snapshotPosition).toBe(20);
  expect(damage).toMatchObject([{ file: newest, offset: 32, where: 'snapshot', position: 40 }]);
  expect(opened.events[0]).toEqual({ type: 'damage', damage: damage[0] });
  await opened.close();
  // Only once: it is kept aside.
  expect(await names(stage, '.damaged')).toEqual([`${newest}.damaged-1`]);
  const next = await open(stage, { olderSnapshots: 1 });
  expect(next.outcome.recovered).toMatchObject({ damage: [], snapshotPosition: 20, records: 40 });
  await next.close();
}

export async function fallBackToBeginning(stage: JournalStage): Promise<void> {
  const opened = await open(stage, { olderSnapshots: 1 });
  for (const label of labels(0, 60)) await opened.append(record(label, 200));
  await opened.snapshot(record('all'));
  await opened.close();
  await damageFile(stage, '0000000000000060.snapshot', 3);
  const next = await open(stage, { olderSnapshots: 1 });
  expect(next.outcome.recovered.snapshotPosition).toBe(undefined);
  expect([texts(next.chunks), texts(next.records)]).toEqual([[], labels(0, 60)]);
  await next.close();
}

/** It says what no record does, as the state that a peer has sent. */
export async function beginning(stage: JournalStage): Promise<void> {
  let opened = await open(stage);
  await opened.snapshot(record('sent'));
  for (const label of labels(0, 5)) await opened.append(record(label));
  await opened.snapshot(record('all'));
  await opened.close();
  await damageFile(stage, '0000000000000005.snapshot', 45);
  // The records from the first on are there, and what they began with.
  opened = await open(stage);
  expect([texts(opened.chunks), texts(opened.records)]).toEqual([['sent'], labels(0, 5)]);
  await opened.close();
  await damageFile(stage, '0000000000000000.snapshot', 45);
  for (const onDamage of ['stop', 'truncate'] as const) {
    const damage = await damageOf(stage, { onDamage });
    expect(damage).toMatchObject({ file: '0000000000000000.snapshot', where: 'snapshot', position: 0 });
  }
}

export async function noFallBack(stage: JournalStage): Promise<void> {
  await prepare(stage, 0);
  await damageFile(stage, newest, 45);
  // Left out would be everything: that is not for a journal to decide.
  for (const onDamage of ['stop', 'truncate'] as const) {
    expect(await damageOf(stage, { onDamage })).toMatchObject({
      file: newest,
      offset: 32,
      where: 'snapshot',
    });
  }
  const { outcome } = await tryOpen(stage);
  const message = outcome.ok ? '' : outcome.failure.message;
  expect(message).toContain(`${newest} is damaged at byte 32: a chunk with a wrong checksum`);
  expect(message).toContain('Restore the folder from a backup or a replica, or move it away');
}

export async function damagedAnywhere(stage: JournalStage): Promise<void> {
  const opened = await open(stage, { olderSnapshots: 1 });
  await opened.append(record('r0'));
  await opened.snapshot(record('chunk'), record('other'));
  await opened.close();
  const [name = ''] = await names(stage, '.snapshot');
  const bytes = await readAll(stage, name);
  const whole = (): Promise<void> => damageFile(stage, name, 0, bytes);
  for (let offset = 0; offset < bytes.byteLength; offset += stage.byteStep) {
    await damageFile(stage, name, offset);
    const next = await open(stage, { olderSnapshots: 1 });
    expect(next.outcome.recovered.damage.length, `byte ${offset}`).toBe(1);
    expect(texts(next.records)).toEqual(['r0']);
    await next.close();
    await whole();
  }
  for (const length of [0, 1, 31, 32, 40, bytes.byteLength - 32, bytes.byteLength - 1]) {
    await withFile(stage, name, (file) => succeed<void>(stage, (done) => file.truncate(length, done)));
    const next = await open(stage, { olderSnapshots: 1 });
    expect(next.outcome.recovered.damage.length, `cut to ${length}`).toBe(1);
    await next.close();
    await whole();
  }
  const next = await open(stage, { olderSnapshots: 1 });
  expect(texts(next.chunks)).toEqual(['chunk', 'other']);
  await next.close();
}

export async function missing(stage: JournalStage): Promise<void> {
  await prepare(stage, 0);
  const { disk } = stage.host;
  await succeed<void>(stage, (done) => disk.remove(`${stage.folder}/journal/${newest}`, done));
  for (const onDamage of ['stop', 'truncate'] as const) {
    const damage = await damageOf(stage, { onDamage });
    expect(damage).toMatchObject({ offset: 0, position: 0 });
    expect(damage.what).toMatch(/^records 0 to \d+ are missing before it, and no snapshot covers them$/);
  }
}

export async function temporaries(stage: JournalStage): Promise<void> {
  await prepare(stage, 0);
  await damageFile(stage, '0000000000000060.snapshot.tmp', 0, record('half of it'));
  const opened = await open(stage);
  expect(await names(stage, '.tmp')).toEqual([]);
  expect(texts(opened.records)).toEqual(labels(40, 60));
  await opened.close();
}
