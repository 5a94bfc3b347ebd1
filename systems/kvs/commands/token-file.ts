import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Where the commands keep the metadata they got last, so that each sees what those before it did. */
function fileIn(dataFolder: string): string {
  return path.join(dataFolder, 'kvs-token');
}

/** The empty text when there is none. */
export function readToken(dataFolder: string): string {
  try {
    return readFileSync(fileIn(dataFolder), 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

export function keepToken(dataFolder: string, token: string): void {
  mkdirSync(dataFolder, { recursive: true });
  writeFileSync(fileIn(dataFolder), `${token}\n`);
}

export function forgetToken(dataFolder: string): void {
  rmSync(fileIn(dataFolder), { force: true });
}
