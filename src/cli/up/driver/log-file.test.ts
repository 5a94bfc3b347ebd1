import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { limits } from '../../limits.ts';
import { LogFile } from './log-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-log-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('writes lines with their time, and goes on in a file that is there', () => {
  const file = join(folder, 'a.log');
  for (const line of ['one', 'two']) {
    const log = new LogFile(file, (error) => expect.fail(String(error)));
    log.append(0, [line, 'x']);
    log.close();
  }
  const stamp = '1970-01-01T00:00:00.000Z';
  expect(readFileSync(file, 'utf8')).toBe(
    ['one', 'x', 'two', 'x'].map((line) => `${stamp} ${line}\n`).join(''),
  );
});

it('keeps at most two files of the bound', () => {
  const file = join(folder, 'a.log');
  const log = new LogFile(file, (error) => expect.fail(String(error)));
  const line = 'x'.repeat(1024 * 1024);
  for (let count = 0; count < 25; count++) log.append(0, [line]);
  log.append(0, ['last']);
  log.close();
  expect(statSync(file).size).toBeLessThanOrEqual(limits.logFileBytesMax);
  expect(statSync(`${file}.1`).size).toBeLessThanOrEqual(limits.logFileBytesMax);
  expect(readFileSync(file, 'utf8').endsWith(' last\n')).toBe(true);
});

it('reports once that it cannot be written', () => {
  const failures: unknown[] = [];
  const log = new LogFile(join(folder, 'none', 'a.log'), (error) => failures.push(error));
  log.append(0, ['one']);
  log.append(0, ['two']);
  expect(failures).toHaveLength(1);
});
