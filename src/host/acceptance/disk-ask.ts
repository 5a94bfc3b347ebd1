import { expect } from 'vitest';
import type { DiskFailure, DiskFile, DiskOutcome, Done } from '../disk.ts';
import type { DiskStage } from './disk.ts';

/** Begins an operation; the port's promise that it completes later and once is checked on the way. */
export function ask<T>(
  stage: DiskStage,
  begin: (done: Done<T>) => void,
): { readonly outcome: () => Promise<DiskOutcome<T>> } {
  const outcomes: DiskOutcome<T>[] = [];
  let returned = false;
  begin((outcome) => {
    expect(returned, 'the completion comes after the call').toBe(true);
    expect(outcomes.length, 'the completion comes once').toBe(0);
    outcomes.push(outcome);
  });
  returned = true;
  return {
    outcome: async () => {
      await stage.until(() => outcomes.length > 0, 'the operation completes');
      return outcomes[0] as DiskOutcome<T>;
    },
  };
}

export async function succeed<T>(stage: DiskStage, begin: (done: Done<T>) => void): Promise<T> {
  const outcome = await ask(stage, begin).outcome();
  if (!outcome.ok) throw new Error(`${outcome.failure.kind}: ${outcome.failure.message}`);
  return outcome.value;
}

export async function fail<T>(
  stage: DiskStage,
  kind: DiskFailure['kind'],
  begin: (done: Done<T>) => void,
): Promise<void> {
  const outcome = await ask(stage, begin).outcome();
  if (outcome.ok) throw new Error(`Succeeded, where ${kind} was expected.`);
  expect(outcome.failure.kind).toBe(kind);
  expect(outcome.failure.message).not.toBe('');
}

export function open(stage: DiskStage, path: string, create = true): Promise<DiskFile> {
  return succeed<DiskFile>(stage, (done) => stage.disk.open(path, { create }, done));
}

export async function write(stage: DiskStage, path: string, text: string): Promise<void> {
  const file = await open(stage, path);
  await succeed<void>(stage, (done) => file.truncate(0, done));
  await succeed<void>(stage, (done) => file.write(0, new TextEncoder().encode(text), done));
  await succeed<void>(stage, (done) => file.close(done));
}

export async function read(stage: DiskStage, path: string): Promise<string> {
  const file = await open(stage, path, false);
  const bytes = await succeed<Uint8Array>(stage, (done) => file.read(0, 1_000_000, done));
  await succeed<void>(stage, (done) => file.close(done));
  return new TextDecoder().decode(bytes);
}

export async function list(stage: DiskStage, path: string): Promise<string[]> {
  const names = await succeed<readonly string[]>(stage, (done) => stage.disk.list(path, done));
  return [...names].sort();
}
