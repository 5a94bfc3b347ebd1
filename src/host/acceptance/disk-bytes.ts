import { expect } from 'vitest';
import type { DiskFile } from '../disk.ts';
import type { DiskStage } from './disk.ts';
import { ask, fail, open, read, succeed, write } from './disk-ask.ts';
import { expectEqualBytes, pattern } from './network-pair.ts';

export async function readsBack(stage: DiskStage): Promise<void> {
  const file = await open(stage, `${stage.folder}/file`);
  const bytes = pattern(5000, 1);
  await succeed<void>(stage, (done) => file.write(0, bytes, done));
  expectEqualBytes(bytes, pattern(5000, 1));
  expect(await succeed<number>(stage, (done) => file.size(done))).toBe(5000);
  for (const [position, length] of [
    [0, 5000],
    [0, 1],
    [4999, 1],
    [4990, 100],
    [1234, 2345],
    [5000, 10],
    [99_999, 10],
  ] as const) {
    const part = await succeed<Uint8Array>(stage, (done) => file.read(position, length, done));
    expectEqualBytes(part, bytes.subarray(position, position + length));
    // The caller's to keep, and to change.
    part.fill(0);
  }
  await succeed<void>(stage, (done) => file.write(100, new Uint8Array([1, 2, 3]), done));
  const changed = await succeed<Uint8Array>(stage, (done) => file.read(98, 7, done));
  expect([...changed]).toEqual([bytes[98], bytes[99], 1, 2, 3, bytes[103], bytes[104]]);
  await close(stage, file);
}

export async function fillsGaps(stage: DiskStage): Promise<void> {
  const file = await open(stage, `${stage.folder}/file`);
  await succeed<void>(stage, (done) => file.write(10, new Uint8Array([7]), done));
  const bytes = await succeed<Uint8Array>(stage, (done) => file.read(0, 100, done));
  expect([...bytes]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]);
  await close(stage, file);
}

export async function truncates(stage: DiskStage): Promise<void> {
  const file = await open(stage, `${stage.folder}/file`);
  await succeed<void>(stage, (done) => file.write(0, new Uint8Array([1, 2, 3, 4, 5, 6]), done));
  await succeed<void>(stage, (done) => file.truncate(3, done));
  expect(await succeed<number>(stage, (done) => file.size(done))).toBe(3);
  await succeed<void>(stage, (done) => file.truncate(5, done));
  const bytes = await succeed<Uint8Array>(stage, (done) => file.read(0, 100, done));
  expect([...bytes]).toEqual([1, 2, 3, 0, 0]);
  await succeed<void>(stage, (done) => file.truncate(0, done));
  expect(await succeed<number>(stage, (done) => file.size(done))).toBe(0);
  await close(stage, file);
}

export async function keepsBytes(stage: DiskStage): Promise<void> {
  const path = `${stage.folder}/file`;
  await write(stage, path, 'kept');
  for (const create of [true, false]) {
    const file = await open(stage, path, create);
    expect(await succeed<number>(stage, (done) => file.size(done))).toBe(4);
    await close(stage, file);
  }
  expect(await read(stage, path)).toBe('kept');
}

export async function twoHandles(stage: DiskStage): Promise<void> {
  const path = `${stage.folder}/file`;
  const one = await open(stage, path);
  const other = await open(stage, path, false);
  await succeed<void>(stage, (done) => one.write(0, new Uint8Array([1, 2, 3]), done));
  await succeed<void>(stage, (done) => other.write(1, new Uint8Array([9]), done));
  const bytes = await succeed<Uint8Array>(stage, (done) => one.read(0, 10, done));
  expect([...bytes]).toEqual([1, 9, 3]);
  await close(stage, one);
  expect(await succeed<number>(stage, (done) => other.size(done))).toBe(3);
  await close(stage, other);
}

export async function nothing(stage: DiskStage): Promise<void> {
  const file = await open(stage, `${stage.folder}/file`);
  await succeed<void>(stage, (done) => file.write(100, new Uint8Array(0), done));
  expect(await succeed<number>(stage, (done) => file.size(done))).toBe(0);
  const bytes = await succeed<Uint8Array>(stage, (done) => file.read(0, 0, done));
  expect(bytes.byteLength).toBe(0);
  await close(stage, file);
}

export async function megabytes(stage: DiskStage): Promise<void> {
  const path = `${stage.folder}/file`;
  const bytes = pattern(5_000_000, 2);
  const file = await open(stage, path);
  await succeed<void>(stage, (done) => file.write(0, bytes, done));
  await succeed<void>(stage, (done) => file.sync(done));
  await close(stage, file);
  const again = await open(stage, path, false);
  const back = await succeed<Uint8Array>(stage, (done) => again.read(0, 6_000_000, done));
  expectEqualBytes(back, bytes);
  await close(stage, again);
}

export async function manyAtOnce(stage: DiskStage): Promise<void> {
  const file = await open(stage, `${stage.folder}/file`);
  const bytes = pattern(64 * 1000, 3);
  const writes = Array.from({ length: 64 }, (_, index) =>
    ask<void>(stage, (done) =>
      file.write(index * 1000, bytes.subarray(index * 1000, (index + 1) * 1000), done),
    ),
  );
  for (const each of writes) expect((await each.outcome()).ok).toBe(true);
  const reads = Array.from({ length: 64 }, (_, index) =>
    ask<Uint8Array>(stage, (done) => file.read(index * 1000, 1000, done)),
  );
  for (const [index, each] of reads.entries()) {
    const outcome = await each.outcome();
    expectEqualBytes(
      outcome.ok ? outcome.value : new Uint8Array(0),
      bytes.subarray(index * 1000, (index + 1) * 1000),
    );
  }
  await close(stage, file);
}

export async function syncs(stage: DiskStage): Promise<void> {
  const file = await open(stage, `${stage.folder}/file`);
  await succeed<void>(stage, (done) => file.sync(done));
  await succeed<void>(stage, (done) => file.write(0, pattern(1000, 4), done));
  await succeed<void>(stage, (done) => file.sync(done));
  await succeed<void>(stage, (done) => file.truncate(10, done));
  await succeed<void>(stage, (done) => file.sync(done));
  expect(await succeed<number>(stage, (done) => file.size(done))).toBe(10);
  await close(stage, file);
}

export async function writesThrough(stage: DiskStage): Promise<void> {
  const path = `${stage.folder}/file`;
  const options = { create: true, writeThrough: true };
  const file = await succeed<DiskFile>(stage, (done) => stage.disk.open(path, options, done));
  const bytes = pattern(100_000, 6);
  await succeed<void>(stage, (done) => file.write(0, bytes.subarray(0, 60_000), done));
  await succeed<void>(stage, (done) => file.write(60_000, bytes.subarray(60_000), done));
  await succeed<void>(stage, (done) => file.write(10, new Uint8Array(0), done));
  bytes.set([1, 2, 3], 50_000);
  await succeed<void>(stage, (done) => file.write(50_000, new Uint8Array([1, 2, 3]), done));
  expectEqualBytes(await succeed<Uint8Array>(stage, (done) => file.read(0, 200_000, done)), bytes);
  await close(stage, file);
  const again = await open(stage, path, false);
  expectEqualBytes(await succeed<Uint8Array>(stage, (done) => again.read(0, 200_000, done)), bytes);
  await close(stage, again);
}

export async function closed(stage: DiskStage): Promise<void> {
  const file = await open(stage, `${stage.folder}/file`);
  await close(stage, file);
  await fail<number>(stage, 'closed', (done) => file.size(done));
  await fail<Uint8Array>(stage, 'closed', (done) => file.read(0, 1, done));
  await fail<void>(stage, 'closed', (done) => file.write(0, new Uint8Array(1), done));
  await fail<void>(stage, 'closed', (done) => file.truncate(0, done));
  await fail<void>(stage, 'closed', (done) => file.sync(done));
  await fail<void>(stage, 'closed', (done) => file.close(done));
}

export async function closesBehind(stage: DiskStage): Promise<void> {
  const path = `${stage.folder}/file`;
  const file = await open(stage, path);
  const order: string[] = [];
  const bytes = pattern(2_000_000, 5);
  const written = ask<void>(stage, (done) =>
    file.write(0, bytes, (outcome) => {
      order.push('written');
      done(outcome);
    }),
  );
  const closing = ask<void>(stage, (done) =>
    file.close((outcome) => {
      order.push('closed');
      done(outcome);
    }),
  );
  await fail<void>(stage, 'closed', (done) => file.sync(done));
  expect((await closing.outcome()).ok).toBe(true);
  expect((await written.outcome()).ok).toBe(true);
  expect(order).toEqual(['written', 'closed']);
  const again = await open(stage, path, false);
  expect(await succeed<number>(stage, (done) => again.size(done))).toBe(bytes.byteLength);
  await close(stage, again);
}

function close(stage: DiskStage, file: DiskFile): Promise<void> {
  return succeed<void>(stage, (done) => file.close(done));
}
