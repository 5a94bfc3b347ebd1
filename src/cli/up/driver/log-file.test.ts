import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, unlinkSync } from 'node:fs';
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
  log.append(limits.logLookMs, ['three']);
  expect(failures).toHaveLength(1);
});

it.runIf(existsSync('/dev/full'))('goes on after a full disk, and tells how many lines are missing', () => {
  const file = join(folder, 'a.log');
  symlinkSync('/dev/full', file);
  const failures: unknown[] = [];
  const log = new LogFile(file, (error) => failures.push(error));
  log.append(0, ['one', 'two']);
  log.append(1, ['three']);
  unlinkSync(file);
  log.append(limits.logLookMs, ['four']);
  log.append(limits.logLookMs, ['five']);
  log.close();
  expect(failures).toMatchObject([{ code: 'ENOSPC' }]);
  const stamp = '1970-01-01T00:00:01.000Z';
  const missing = '... 3 lines are missing here: this file could not be written.';
  expect(readFileSync(file, 'utf8')).toBe(
    [missing, 'four', 'five'].map((line) => `${stamp} ${line}\n`).join(''),
  );
});

it.skipIf(process.platform === 'win32')('writes no line in part where only a part has room', () => {
  const file = join(folder, 'a.log');
  const module = new URL('./log-file.ts', import.meta.url).href;
  const code = `
    import { LogFile } from '${module}';
    const log = new LogFile('${file}', (error) => console.log(error.code));
    for (let count = 0; count < 100; count++) log.append(0, ['x'.repeat(100)]);`;
  // A bound on the file's size does what a full disk does: it takes a part, then nothing.
  const shell = `trap '' XFSZ; ulimit -f 2; exec "$0" --input-type=module -e "$1"`;
  expect(execFileSync('sh', ['-c', shell, process.execPath, code], { encoding: 'utf8' })).toBe('EFBIG\n');
  expect(readFileSync(file, 'utf8')).toMatch(/^(\S+ x{100}\n){5,}$/);
});

it('goes on in a new file when somebody removed its own', () => {
  const file = join(folder, 'a.log');
  const log = new LogFile(file, (error) => expect.fail(String(error)));
  log.append(0, ['one']);
  unlinkSync(file);
  log.append(limits.logLookMs, ['two']);
  log.close();
  expect(readFileSync(file, 'utf8')).toMatch(/^\S+ two\n$/);
});
