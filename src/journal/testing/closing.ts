import { expect } from 'vitest';
import { type JournalStage, labels, names, open, record, texts, tryOpen } from './stage.ts';

export async function writesQueue(stage: JournalStage): Promise<void> {
  let opened = await open(stage, { segmentBytes: 65_536 });
  const told: string[] = [];
  for (const label of labels(0, 20)) opened.journal.append(record(label), () => told.push(label));
  await opened.close();
  expect(told).toEqual(labels(0, 20));
  opened = await open(stage);
  expect(texts(opened.records)).toEqual(labels(0, 20));
  await opened.close();
}

export async function refuses(stage: JournalStage): Promise<void> {
  const opened = await open(stage);
  const closed = opened.close();
  expect(opened.journal.append(record('late'), () => {})).toBe(false);
  expect(opened.journal.refusing).toBe('stopped');
  expect(
    opened.journal.snapshot(
      () => () => undefined,
      () => {},
    ),
  ).toBe(false);
  await closed;
  expect(opened.journal.refusing).toBe('stopped');
}

export async function givesUpSnapshot(stage: JournalStage): Promise<void> {
  let opened = await open(stage);
  await opened.append(record('kept'));
  const endless = opened.journal.snapshot(
    () => () => record('chunk', 100_000),
    (outcome) => expect(outcome).toMatchObject({ ok: false, failure: { kind: 'closed' } }),
  );
  expect(endless).toBe(true);
  await opened.close();
  expect(opened.counted('snapshot-failed')).toBe(1);
  expect(await names(stage, 'snapshot')).toEqual([]);
  opened = await open(stage);
  expect(texts(opened.records)).toEqual(['kept']);
  await opened.close();
}

export async function locks(stage: JournalStage): Promise<void> {
  const opened = await open(stage);
  await opened.append(record('mine'));
  const { outcome } = await tryOpen(stage);
  expect(outcome).toMatchObject({ ok: false, failure: { kind: 'in-use' } });
  await opened.append(record('still mine'));
  await opened.close();
  const next = await open(stage);
  expect(texts(next.records)).toEqual(['mine', 'still mine']);
  await next.close();
}
