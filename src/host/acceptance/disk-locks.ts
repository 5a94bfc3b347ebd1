import { expect } from 'vitest';
import type { DiskLock } from '../disk.ts';
import type { DiskStage } from './disk.ts';
import { ask, fail, list, succeed } from './disk-ask.ts';

export async function excludes(stage: DiskStage): Promise<void> {
  const path = `${stage.folder}/lock`;
  for (let round = 0; round < 3; round++) {
    const first = await take(stage, path);
    // Nothing else is made for it, either: that would need room.
    expect(await list(stage, stage.folder)).toEqual(['lock']);
    await fail(stage, 'in-use', (done) => stage.disk.lock(path, done));
    await fail(stage, 'in-use', (done) => stage.disk.lock(`${stage.folder}/./lock`, done));
    await release(stage, first);
    expect(await list(stage, stage.folder)).toEqual(['lock']);
  }
}

export async function separate(stage: DiskStage): Promise<void> {
  const one = ask<DiskLock>(stage, (done) => stage.disk.lock(`${stage.folder}/one`, done));
  const other = ask<DiskLock>(stage, (done) => stage.disk.lock(`${stage.folder}/other`, done));
  for (const each of [one, other]) {
    const outcome = await each.outcome();
    if (!outcome.ok) throw new Error(outcome.failure.message);
    await release(stage, outcome.value);
  }
}

export async function needFolder(stage: DiskStage): Promise<void> {
  await fail(stage, 'not-found', (done) => stage.disk.lock(`${stage.folder}/none/lock`, done));
}

function take(stage: DiskStage, path: string): Promise<DiskLock> {
  return succeed<DiskLock>(stage, (done) => stage.disk.lock(path, done));
}

function release(stage: DiskStage, lock: DiskLock): Promise<void> {
  return succeed<void>(stage, (done) => lock.release(done));
}
