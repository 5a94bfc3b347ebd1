import { expect } from 'vitest';
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
} from './stage.ts';

/** Bytes of a record in a segment: its frame and 100. */
const stepBytes = 112;
const headerBytes = 32;

function segmentName(number: number): string {
  return `${String(number).padStart(16, '0')}.segment`;
}

function offsetOf(index: number): number {
  return headerBytes + index * stepBytes;
}

/** Writes `r0` to the one before `rN`, each in a write of its own unless they come `together`. */
async function fill(stage: JournalStage, from: number, to: number, together = false): Promise<void> {
  const opened = await open(stage, { segmentBytes: 1024 });
  const records = labels(from, to).map((label) => record(label, 100));
  if (together) await opened.append(...records);
  else for (const each of records) await opened.append(each);
  await opened.close();
}

export async function isDescribed(stage: JournalStage): Promise<void> {
  await fill(stage, 0, 5);
  await damageFile(stage, segmentName(1), offsetOf(2) + 50);
  const { outcome } = await tryOpen(stage);
  const failure = outcome.ok ? undefined : outcome.failure;
  expect(failure).toMatchObject({
    kind: 'damaged',
    damage: { file: segmentName(1), offset: offsetOf(2), position: 2, where: 'middle' },
  });
  expect(failure?.message).toBe(
    `${stage.folder}/journal/${segmentName(1)} is damaged at byte 256: a record with a wrong checksum; ` +
      'what was written later follows. Restore the folder from a backup or a replica, or open it with ' +
      "onDamage: 'truncate': that leaves out this record and all later ones, and keeps their bytes " +
      'beside them.',
  );
}

export async function whereItIs(stage: JournalStage): Promise<void> {
  await fill(stage, 0, 4);
  // The first of these is a write of its own, the others are one.
  await fill(stage, 4, 8, true);
  await damageFile(stage, segmentName(2), offsetOf(3) + 20);
  expect(await damageOf(stage)).toMatchObject({ where: 'tail', position: 7 });
  // What follows was written together with it: a torn write looks the same.
  await damageFile(stage, segmentName(2), offsetOf(1) + 20);
  expect(await damageOf(stage)).toMatchObject({ where: 'tail', position: 5 });
  await damageFile(stage, segmentName(2), offsetOf(0) + 20);
  expect(await damageOf(stage)).toMatchObject({ where: 'tail', position: 4 });
  await damageFile(stage, segmentName(1), offsetOf(3) + 20);
  expect(await damageOf(stage)).toMatchObject({ where: 'middle', position: 3, file: segmentName(1) });
}

export async function everyByte(stage: JournalStage): Promise<void> {
  await fill(stage, 0, 3);
  const bytes = await readAll(stage, segmentName(1));
  for (let offset = offsetOf(1); offset < offsetOf(2); offset += stage.byteStep) {
    await damageFile(stage, segmentName(1), offset);
    const damage = await damageOf(stage);
    expect(damage, `byte ${offset}`).toMatchObject({ offset: offsetOf(1), position: 1, where: 'middle' });
    await damageFile(stage, segmentName(1), 0, bytes);
  }
  // Zeros in its place, as of a sector that was never written.
  await damageFile(stage, segmentName(1), offsetOf(1), new Uint8Array(stepBytes));
  expect(await damageOf(stage)).toMatchObject({ position: 1, where: 'middle' });
  await damageFile(stage, segmentName(1), offsetOf(1), bytes.subarray(offsetOf(1)));
  // One that is there twice, and one in another's place.
  const first = bytes.subarray(offsetOf(0), offsetOf(1));
  await damageFile(stage, segmentName(1), offsetOf(1), first);
  expect((await damageOf(stage)).what).toBe('record 0 where 1 should be');
}

export async function isCutOff(stage: JournalStage): Promise<void> {
  await fill(stage, 0, 5);
  await damageFile(stage, segmentName(1), offsetOf(3) + 20);
  const damaged = await readAll(stage, segmentName(1));
  let opened = await open(stage, { onDamage: 'truncate' });
  expect(texts(opened.records)).toEqual(labels(0, 3));
  const { damage, position } = opened.outcome.recovered;
  expect(position).toBe(3);
  expect(damage).toMatchObject([{ offset: offsetOf(3), position: 3, where: 'middle' }]);
  expect(opened.events[0]).toEqual({ type: 'damage', damage: damage[0] });
  expect(await names(stage, '.damaged')).toEqual([`${segmentName(1)}.damaged-1`]);
  const aside = await readAll(stage, `${segmentName(1)}.damaged-1`);
  expect(aside).toEqual(damaged.slice(offsetOf(3), offsetOf(5)));
  await opened.append(record('new r3'));
  await opened.close();
  opened = await open(stage);
  expect(texts(opened.records)).toEqual([...labels(0, 3), 'new r3']);
  await opened.close();
}

export async function takesLaterSegments(stage: JournalStage): Promise<void> {
  await fill(stage, 0, 30);
  expect((await names(stage, '.segment')).length).toBeGreaterThanOrEqual(4);
  await damageFile(stage, segmentName(2), offsetOf(2) + 20);
  let opened = await open(stage, { onDamage: 'truncate', segmentBytes: 1024 });
  const left = texts(opened.records);
  expect(left).toEqual(labels(0, 10));
  const aside = await names(stage, '.damaged');
  expect(aside.slice(0, 3)).toEqual([2, 3, 4].map((number) => `${segmentName(number)}.damaged-1`));
  await opened.append(record('r10'));
  // Not one whose number was used before: what is kept aside stays what it was.
  const used = (await names(stage, '.segment')).filter((name) => name.endsWith('.segment'));
  expect(used.length).toBe(3);
  expect(Number.parseInt(used.at(-1) ?? '', 10)).toBeGreaterThan(Number.parseInt(aside.at(-1) ?? '', 10));
  await opened.close();
  opened = await open(stage);
  expect(texts(opened.records)).toEqual(labels(0, 11));
  await opened.close();
}

export async function headers(stage: JournalStage): Promise<void> {
  await fill(stage, 0, 3);
  await fill(stage, 3, 6);
  const bytes = await readAll(stage, segmentName(2));
  for (let offset = 0; offset < headerBytes; offset += stage.byteStep) {
    await damageFile(stage, segmentName(2), offset);
    expect(await damageOf(stage), `byte ${offset}`).toMatchObject({
      file: segmentName(2),
      offset: 0,
      position: 3,
      where: 'middle',
    });
    await damageFile(stage, segmentName(2), offset);
  }
  // That of another segment.
  const other = await readAll(stage, segmentName(1));
  await damageFile(stage, segmentName(2), 0, other.subarray(0, headerBytes));
  expect((await damageOf(stage)).what).toBe('the header of segment 1');
  // A write torn at the very beginning of a segment.
  await damageFile(stage, segmentName(2), 0, new Uint8Array(headerBytes));
  await damageFile(stage, segmentName(2), offsetOf(1), new Uint8Array(2 * stepBytes));
  expect(await damageOf(stage)).toMatchObject({ offset: 0, where: 'tail', position: 3 });
  const opened = await open(stage, { onDamage: 'truncate' });
  expect(texts(opened.records)).toEqual(labels(0, 3));
  expect(await names(stage, '.damaged')).toEqual([`${segmentName(2)}.damaged-1`]);
  expect(bytes.byteLength).toBe(1024);
  await opened.close();
}

export async function missingSegment(stage: JournalStage): Promise<void> {
  await fill(stage, 0, 30);
  const { disk } = stage.host;
  const path = `${stage.folder}/journal/${segmentName(2)}`;
  await succeed<void>(stage, (done) => disk.remove(path, done));
  const damage = await damageOf(stage);
  expect(damage).toMatchObject({ file: segmentName(1), position: 8, where: 'middle' });
  expect(damage.what).toBe('records 8 to 15 are missing');
  const opened = await open(stage, { onDamage: 'truncate' });
  expect(texts(opened.records)).toEqual(labels(0, 8));
  await opened.close();
  const next = await open(stage);
  expect(next.outcome.recovered).toMatchObject({ position: 8, damage: [] });
  await next.close();
}

export async function slack(stage: JournalStage): Promise<void> {
  await fill(stage, 0, 3);
  await fill(stage, 3, 6);
  // Behind the records of the first, in zeros that nobody will ever read.
  await damageFile(stage, segmentName(1), offsetOf(3) + 200);
  const opened = await open(stage);
  expect(texts(opened.records)).toEqual(labels(0, 6));
  await opened.close();
  // At the very end it may be what is left of a write.
  await damageFile(stage, segmentName(2), offsetOf(3) + 200);
  const damage = await damageOf(stage);
  expect(damage).toMatchObject({ offset: offsetOf(3), where: 'tail', position: 6 });
  expect(damage.what).toBe('zeros where record 6 should be');
}

export async function keptTimes(stage: JournalStage): Promise<void> {
  for (let time = 1; time <= 6; time++) {
    await fill(stage, 0, 1);
    const segments = (await names(stage, '.segment')).filter((each) => each.endsWith('.segment'));
    const name = segments.at(-1) ?? '';
    await damageFile(stage, name, 40);
    const opened = await open(stage, { onDamage: 'truncate' });
    expect(opened.records).toEqual([]);
    await opened.close();
  }
  const turns = (await names(stage, '.damaged')).map((name) => name.replace(/.*-/, ''));
  expect(turns.sort()).toEqual(['3', '4', '5', '6']);
}

export async function newer(stage: JournalStage): Promise<void> {
  await fill(stage, 0, 1);
  const header = (await readAll(stage, segmentName(1))).slice(0, headerBytes);
  const view = new DataView(header.buffer);
  view.setUint32(8, 2, true);
  const { crc32 } = await import('node:zlib');
  view.setUint32(28, crc32(header.subarray(0, 28)), true);
  await damageFile(stage, segmentName(1), 0, header);
  for (const onDamage of ['stop', 'truncate'] as const) {
    const { outcome } = await tryOpen(stage, { onDamage });
    expect(outcome).toMatchObject({ ok: false, failure: { kind: 'newer' } });
    expect(outcome.ok ? '' : outcome.failure.message).toContain('written by a newer version');
  }
}

export async function beforeSnapshot(stage: JournalStage): Promise<void> {
  let opened = await open(stage);
  await opened.append(...labels(0, 6).map((label) => record(label, 100)));
  await opened.snapshot(record('six'));
  await opened.append(record('r6'));
  await opened.close();
  await damageFile(stage, segmentName(1), offsetOf(2) + 20);
  opened = await open(stage, { onDamage: 'truncate' });
  expect([texts(opened.chunks), texts(opened.records)]).toEqual([['six'], []]);
  expect(opened.outcome.recovered).toMatchObject({ position: 6, damage: [{ position: 6 }] });
  await opened.close();
  opened = await open(stage);
  expect(opened.outcome.recovered).toMatchObject({ position: 6, damage: [] });
  await opened.append(record('new r6'));
  await opened.close();
  opened = await open(stage);
  expect([texts(opened.chunks), texts(opened.records)]).toEqual([['six'], ['new r6']]);
  await opened.close();
}
