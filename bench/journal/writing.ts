import {
  close,
  closeSync,
  constants,
  fdatasync,
  fsyncSync,
  mkdtempSync,
  open,
  openSync,
  rmSync,
  write,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const fileBytes = 16 * 1024 * 1024;

interface Way {
  readonly allocated: boolean;
  readonly through: boolean;
}

/** Ways to make bytes durable. */
export const ways: ReadonlyMap<string, Way> = new Map([
  ['O_DSYNC, zeros allocated', { allocated: true, through: true }],
  ['write + fdatasync, zeros allocated', { allocated: true, through: false }],
  ['O_DSYNC, file grows', { allocated: false, through: true }],
  ['write + fdatasync, file grows', { allocated: false, through: false }],
]);

/** Commits a second. */
export async function writeFor(name: string, seconds: number, bytes: number): Promise<number> {
  const way = ways.get(name) as Way;
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-bench-journal-'));
  const file = path.join(folder, 'file');
  try {
    allocate(file, way.allocated ? fileBytes : 0);
    const flags = constants.O_RDWR | (way.through ? constants.O_DSYNC : 0);
    const descriptor = await promisify(open)(file, flags);
    const commits = await commitFor(descriptor, way, seconds, bytes);
    await promisify(close)(descriptor);
    return commits / seconds;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function allocate(file: string, bytes: number): void {
  const descriptor = openSync(file, 'w');
  if (bytes > 0) writeSync(descriptor, new Uint8Array(bytes));
  fsyncSync(descriptor);
  closeSync(descriptor);
}

function commitFor(descriptor: number, way: Way, seconds: number, length: number): Promise<number> {
  const record = new Uint8Array(length).fill(1);
  const endMs = performance.now() + seconds * 1000;
  let position = 0;
  let commits = 0;
  return new Promise((settle, reject) => {
    const next = (): void => {
      if (performance.now() >= endMs) {
        settle(commits);
        return;
      }
      write(descriptor, record, 0, length, position, (error) => {
        if (error !== null) reject(error);
        else if (way.through) committed(null);
        else fdatasync(descriptor, committed);
      });
    };
    const committed = (error: Error | null): void => {
      if (error !== null) reject(error);
      commits++;
      position = (position + length) % (fileBytes - length);
      next();
    };
    next();
  });
}
