import { execFileSync } from 'node:child_process';
import {
  closeSync,
  fdatasyncSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { median } from '../measure/rounds.ts';

const root = path.resolve(import.meta.dirname, '../..');
const syncs = 300;
const recordBytes = 256;
const blockBytes = 512;

/** A folder beside the data of `holdfast up`, so on the same disk; it goes when the bench ends. */
export function dataFolder(): string {
  const parent = path.join(root, '.holdfast');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(path.join(parent, 'bench-kvs-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  if (fileSystemOf(folder).startsWith('tmpfs'))
    throw new Error(
      `${parent} is in memory (tmpfs): what is written there is on no disk. Move the checkout.`,
    );
  return folder;
}

/** `ext4 on /dev/sda1` */
export function fileSystemOf(folder: string): string {
  const text = execFileSync('df', ['--output=fstype,source', folder], { encoding: 'utf8' });
  const [type, source] = (text.trim().split('\n').at(-1) ?? '').split(/\s+/);
  return `${type} on ${source}`;
}

/** How long a small append with fdatasync takes there, one after the other: the median, in microseconds. */
export function syncUs(folder: string): number {
  const file = openSync(path.join(folder, 'sync'), 'w');
  const record = Buffer.alloc(recordBytes, 'x');
  const tookUs: number[] = [];
  for (let sync = 0; sync < syncs; sync++) {
    const fromMs = performance.now();
    writeSync(file, record);
    fdatasyncSync(file);
    tookUs.push((performance.now() - fromMs) * 1_000);
  }
  closeSync(file);
  return median(tookUs);
}

/** What is allocated for a folder and all in it. A file that goes meanwhile counts nothing. */
export function diskBytesOf(folder: string): number {
  let bytes = 0;
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const stats = lstatSync(path.join(folder, name), { throwIfNoEntry: false });
    bytes += (stats?.blocks ?? 0) * blockBytes;
  }
  return bytes;
}
