import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimFolder, type RunRecord, releaseFolder, runFileOf, writeRunRecord } from './run-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-run-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const record = (id: string, pid = process.pid): RunRecord => ({
  id,
  pid,
  startedAt: '2026-01-01T00:00:00Z',
  config: 'c',
});
/** No process has it: pids end at 2^22. */
const deadPid = 2 ** 22 + 1;
const claim = (id: string) => claimFolder(folder, record(id), () => Promise.resolve(true));
const written = (): unknown => JSON.parse(readFileSync(runFileOf(folder), 'utf8'));

describe('claimFolder', () => {
  it('gives the folder to one, and to the next once that one is dead', async () => {
    expect(await claim('a')).toEqual({ ok: true, replaced: undefined });
    expect(await claim('b')).toEqual({ ok: false, holder: record('a') });
    writeFileSync(runFileOf(folder), JSON.stringify(record('a', deadPid)));
    expect(await claim('b')).toEqual({ ok: true, replaced: record('a', deadPid) });
    releaseFolder(folder, 'a');
    expect(written()).toEqual(record('b'));
    releaseFolder(folder, 'b');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('fails when a dead record cannot be moved away', async () => {
    writeFileSync(runFileOf(folder), JSON.stringify(record('a', deadPid)));
    mkdirSync(`${runFileOf(folder)}.b.dead`);
    await expect(claim('b')).rejects.toMatchObject({ code: 'EISDIR' });
    mkdirSync(`${runFileOf(folder)}.c`);
    await expect(claim('c')).rejects.toThrow();
  });

  it('fails when the record cannot be read at all', async () => {
    mkdirSync(runFileOf(folder));
    await expect(claim('a')).rejects.toMatchObject({ code: 'EISDIR' });
    expect(readdirSync(folder)).toEqual(['up.json']);
  });

  it('waits for the holder to mend a broken record', async () => {
    await claim('a');
    writeFileSync(runFileOf(folder), '{"id":');
    const claimed = claim('b');
    expect(writeRunRecord(folder, record('a'))).toBe(true);
    expect(await claimed).toEqual({ ok: false, holder: record('a') });
  });

  it('takes the place of a broken record that nobody mends', async () => {
    writeFileSync(runFileOf(folder), 'x');
    expect(await claim('a')).toEqual({ ok: true, replaced: undefined });
  });
});

describe('writeRunRecord', () => {
  it('writes what was changed, broken or removed, and leaves the record of another alone', async () => {
    await claim('a');
    const steps = [
      () => {},
      () => writeFileSync(runFileOf(folder), ''),
      () => writeFileSync(runFileOf(folder), JSON.stringify({ ...record('a'), port: 1 })),
      () => unlinkSync(runFileOf(folder)),
    ];
    for (const spoil of steps) {
      spoil();
      expect(writeRunRecord(folder, { ...record('a'), port: 7 })).toBe(true);
      expect(written()).toEqual({ ...record('a'), port: 7 });
    }
    expect(writeRunRecord(folder, record('b'))).toBe(false);
    expect(written()).toMatchObject({ id: 'a' });
    expect(readdirSync(folder)).toEqual(['up.json']);
  });

  it('leaves no draft behind when it fails', async () => {
    mkdirSync(runFileOf(folder));
    expect(() => writeRunRecord(folder, record('a'))).toThrow();
    expect(readdirSync(folder)).toEqual(['up.json']);
  });
});
