import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

/** Written beside and moved into place: nobody reads half of it, and a full disk leaves the one before. */
export function keepToken(dataFolder: string, token: string): void {
  const file = fileIn(dataFolder);
  const draft = `${file}.${randomUUID()}`;
  mkdirSync(dataFolder, { recursive: true });
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  try {
    writeFileSync(draft, `${token}\n`, { mode });
    // The mask has no say in what it was made before.
    if (mode !== undefined) chmodSync(draft, mode);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

export function forgetToken(dataFolder: string): void {
  rmSync(fileIn(dataFolder), { force: true });
}
