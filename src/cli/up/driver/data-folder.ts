import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { HoldfastError, must } from '../../../std/index.ts';

/** The folder a topology keeps everything in: logs, the cluster key, what runs, the services' own data. */
export interface DataFolder {
  readonly path: string;
  readonly logs: string;
  readonly clusterKey: string;
}

/** Makes the folders. Throws `failed_precondition` with one sentence when it cannot be written. */
export function makeDataFolder(path: string): void {
  try {
    makeFolder(logsOf(path));
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** For the one that has claimed it: makes the key when there is none. Throws one sentence as well. */
export function openDataFolder(path: string): DataFolder {
  try {
    return { path, logs: logsOf(path), clusterKey: clusterKeyOf(path) };
  } catch (error) {
    throw error instanceof HoldfastError ? error : unwritable(path, error);
  }
}

const logsOf = (path: string): string => join(path, 'logs');

export function unwritable(path: string, error: unknown): HoldfastError {
  const why = error instanceof Error ? error.message.split(',')[0] : String(error);
  const message = `The data folder ${path} cannot be written (${why}). Choose another with --data.`;
  return new HoldfastError('failed_precondition', message, { cause: error });
}

/** Like mkdir -p. Node's own never returns where a folder that is there refuses names with ENOENT (/proc). */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (!existsSync(dirname(path))) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another may have made it meanwhile.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** The key of the folder; undefined when none was made yet. Throws one sentence when it cannot be used. */
export function readClusterKey(path: string): string | undefined {
  const file = clusterKeyFile(path);
  let key: string;
  try {
    key = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new HoldfastError('failed_precondition', `${file} cannot be read (${code}): ${mend}.`);
  }
  if (isClusterKey(key)) return key;
  throw new HoldfastError('failed_precondition', `${file} holds no key (${keyRule}): ${mend}.`);
}

/** What the services take: anything else would only fail in each of them. */
export const isClusterKey = (key: string): boolean => /^[\x21-\x7e]{1,512}$/.test(key);
export const keyRule = 'one line of 1 to 512 printable ASCII characters without spaces';
const mend = 'remove it, and the next holdfast up makes a new one';

export const clusterKeyFile = (path: string): string => join(path, 'cluster.key');

/** Made once: written beside and linked into place, so that nobody reads half of it or makes a second. */
function clusterKeyOf(path: string): string {
  const known = readClusterKey(path);
  if (known !== undefined) {
    chmodSync(clusterKeyFile(path), 0o600);
    return known;
  }
  const draft = `${clusterKeyFile(path)}.${process.pid}`;
  try {
    writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flush: true });
    linkSync(draft, clusterKeyFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return must(readClusterKey(path), 'the key that was made');
}
