import { expect } from 'vitest';
import { type JournalStage, labels, names, open, record, texts } from './stage.ts';

export async function refuses(stage: JournalStage): Promise<void> {
  const { faults } = stage.host;
  const first = await open(stage);
  await first.append(record('r0'));
  await first.close();
  const fault = faults.inject({ kind: 'disk', full: true });
  // The past can be read all the same.
  const opened = await open(stage);
  expect(texts(opened.records)).toEqual(['r0']);
  for (let round = 0; round < 3; round++) {
    expect(opened.journal.append(record('refused'), () => expect.unreachable())).toBe(false);
    expect(opened.journal.refusing).toBe('full');
  }
  expect(opened.counted('full')).toBe(1);
  faults.heal(fault);
  await stage.until(() => opened.journal.refusing === undefined, 'it notices that there is room');
  expect(opened.counted('room')).toBe(1);
  await opened.append(record('r1'));
  await opened.close();
  const last = await open(stage);
  expect(texts(last.records)).toEqual(['r0', 'r1']);
  await last.close();
}

export async function holds(stage: JournalStage): Promise<void> {
  const { faults } = stage.host;
  const opened = await open(stage, { segmentBytes: 65_536 });
  const told: string[] = [];
  faults.inject({ kind: 'disk', full: true });
  for (const label of labels(0, 10)) {
    expect(opened.journal.append(record(label), () => told.push(label))).toBe(true);
  }
  await stage.until(() => opened.counted('full') === 1, 'a write finds no room');
  expect(opened.journal.append(record('refused'), () => expect.unreachable())).toBe(false);
  expect(opened.journal.refusing).toBe('full');
  expect(told).toEqual([]);
  faults.healAll();
  await stage.until(() => told.length === 10, 'what was held is durable');
  expect(told).toEqual(labels(0, 10));
  expect(opened.journal.refusing).toBe(undefined);
  expect([opened.counted('full'), opened.counted('room'), opened.fatal]).toEqual([1, 1, []]);
  await opened.close();
  const next = await open(stage);
  expect(texts(next.records)).toEqual(labels(0, 10));
  await next.close();
}

export async function endsSnapshot(stage: JournalStage): Promise<void> {
  const { faults } = stage.host;
  let opened = await open(stage);
  await opened.append(record('r0'));
  faults.inject({ kind: 'disk', full: true });
  expect(await opened.snapshot(record('chunk'))).toMatchObject({ ok: false, failure: { kind: 'full' } });
  faults.healAll();
  expect(opened.counted('snapshot-failed')).toBe(1);
  expect(await names(stage, 'snapshot')).toEqual([]);
  await opened.append(record('r1'));
  // Full in the middle of it.
  let chunks = 0;
  let outcome: unknown;
  opened.journal.snapshot(
    () => () => {
      if (++chunks === 3) faults.inject({ kind: 'disk', full: true });
      return chunks > 5 ? undefined : record('chunk', 300_000);
    },
    (settled) => {
      outcome = settled;
    },
  );
  await stage.until(() => outcome !== undefined, 'the snapshot is given up');
  expect(outcome).toMatchObject({ ok: false, failure: { kind: 'full' } });
  faults.healAll();
  expect(await names(stage, 'snapshot')).toEqual([]);
  expect(await opened.snapshot(record('chunk'))).toMatchObject({ ok: true, position: 2 });
  await opened.close();
  opened = await open(stage);
  expect([texts(opened.chunks), texts(opened.records)]).toEqual([['chunk'], []]);
  await opened.close();
}
