import { expect } from 'vitest';
import { AssertionFailure, Prng } from '../../std/index.ts';
import { journalLimits } from '../index.ts';
import { type JournalStage, labels, names, open, record, texts } from './stage.ts';

export async function inOrder(stage: JournalStage): Promise<void> {
  let opened = await open(stage);
  const told: string[] = [];
  let inside = false;
  for (const label of labels(0, 50)) {
    inside = true;
    expect(
      opened.journal.append(record(label), () => {
        expect(inside, 'the completion comes after the call').toBe(false);
        told.push(label);
      }),
    ).toBe(true);
    inside = false;
  }
  await stage.until(() => told.length === 50, 'all are durable');
  expect(told).toEqual(labels(0, 50));
  expect(opened.journal.position).toBe(50);
  await opened.close();
  opened = await open(stage);
  expect(texts(opened.records)).toEqual(labels(0, 50));
  expect(opened.outcome.recovered).toEqual({
    position: 50,
    snapshotPosition: undefined,
    records: 50,
    damage: [],
  });
  await opened.close();
}

export async function copies(stage: JournalStage): Promise<void> {
  let opened = await open(stage);
  const bytes = record('before');
  let durable = false;
  opened.journal.append(bytes, () => {
    durable = true;
  });
  bytes.fill(0);
  await stage.until(() => durable, 'it is durable');
  await opened.close();
  opened = await open(stage);
  expect(texts(opened.records)).toEqual(['before']);
  await opened.close();
}

export async function groups(stage: JournalStage): Promise<void> {
  const opened = await open(stage, { segmentBytes: 1024 * 1024 });
  await opened.append(...labels(0, 100).map((label) => record(label)));
  const sizes = (): number[] =>
    opened.events.flatMap((event) => (event.type === 'committed' ? [event.records] : []));
  expect(sizes()).toEqual([100]);
  // What those who are told append goes together as well.
  let told = 0;
  for (let index = 0; index < 10; index++) {
    opened.journal.append(record('a'), () => {
      opened.journal.append(record('b'), () => told++);
    });
  }
  await stage.until(() => told === 10, 'all are durable');
  expect(sizes().slice(1)).toEqual([10, 10]);
  await opened.close();
}

export async function sizes(stage: JournalStage): Promise<void> {
  let opened = await open(stage, { segmentBytes: 24 * 1024 * 1024 });
  const prng = new Prng(7);
  const lengths = [1, 2, 3, 4095, 4096, 1_000_000, 1_048_576, 1_048_577, 3_000_000];
  const records = [...lengths, journalLimits.recordBytesMax].map((length) => prng.bytes(length));
  for (const each of records) await opened.append(each);
  expect(() => opened.journal.append(new Uint8Array(0), () => {})).toThrow(AssertionFailure);
  const tooLong = new Uint8Array(journalLimits.recordBytesMax + 1);
  expect(() => opened.journal.append(tooLong, () => {})).toThrow(AssertionFailure);
  await opened.close();
  opened = await open(stage);
  expect(opened.records.length).toBe(records.length);
  for (const [index, each] of records.entries()) {
    expect(Buffer.compare(opened.records[index] as Uint8Array, each), `record ${index}`).toBe(0);
  }
  await opened.close();
}

export async function segments(stage: JournalStage): Promise<void> {
  let opened = await open(stage);
  for (const label of labels(0, 200)) await opened.append(record(label, 300));
  expect(opened.counted('segment')).toBe(16);
  // One is ready ahead of need at the most.
  expect((await names(stage, '.segment')).length).toBeLessThanOrEqual(17);
  await opened.close();
  opened = await open(stage);
  expect(texts(opened.records)).toEqual(labels(0, 200));
  await opened.close();
}

export async function largeRecord(stage: JournalStage): Promise<void> {
  let opened = await open(stage);
  await opened.append(record('small'));
  await opened.append(record('large', 100_000));
  await opened.append(record('next'));
  await opened.close();
  opened = await open(stage);
  expect(texts(opened.records)).toEqual(['small', 'large', 'next']);
  await opened.close();
}

export async function busy(stage: JournalStage): Promise<void> {
  const opened = await open(stage, { segmentBytes: 64 * 1024 * 1024 });
  const megabyte = record('x', 1024 * 1024);
  let accepted = 0;
  let durable = 0;
  while (opened.journal.append(megabyte, () => durable++)) accepted++;
  expect(opened.journal.refusing).toBe('busy');
  expect(accepted).toBe(Math.floor(journalLimits.queueBytesMax / (1024 * 1024 + 12)));
  await stage.until(() => opened.journal.refusing === undefined, 'some of it is durable');
  expect(opened.journal.append(megabyte, () => durable++)).toBe(true);
  await stage.until(() => durable === accepted + 1, 'all are durable');
  await opened.close();
}

export async function restarts(stage: JournalStage): Promise<void> {
  let written = 0;
  for (let life = 0; life < 5; life++) {
    const opened = await open(stage);
    expect(texts(opened.records)).toEqual(labels(0, written));
    expect(opened.journal.position).toBe(written);
    // Each life has a segment of its own, if it writes at all.
    expect((await names(stage, '.segment')).length).toBe(life === 0 ? 1 : life === 4 ? 4 : life + 1);
    if (life === 3) {
      await opened.close();
      continue;
    }
    await opened.append(record(`r${written}`));
    written++;
    await opened.close();
  }
}
