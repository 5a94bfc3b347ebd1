import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { HoldfastError } from '../../../std/index.ts';

/** The folder a topology keeps everything in: logs, the cluster key, what runs, the services' own data. */
export interface DataFolder {
  readonly path: string;
  readonly logs: string;
  readonly clusterKey: string;
}

/** Makes what is missing. Throws `failed_precondition` with one sentence when it cannot be written. */
export function openDataFolder(path: string): DataFolder {
  try {
    const logs = join(path, 'logs');
    makeFolder(logs);
    return { path, logs, clusterKey: clusterKeyOf(path) };
  } catch (error) {
    throw unwritable(path, error);
  }
}

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

/** The key of the folder; undefined when none was made yet. */
export function readClusterKey(path: string): string | undefined {
  try {
    const key = readFileSync(keyFile(path), 'utf8').trim();
    return key === '' ? undefined : key;
  } catch {
    return undefined;
  }
}

const keyFile = (path: string): string => join(path, 'cluster.key');

/** Made once: written beside and linked into place, so that nobody reads half of it or makes a second. */
function clusterKeyOf(path: string): string {
  const known = readClusterKey(path);
  if (known !== undefined) {
    chmodSync(keyFile(path), 0o600);
    return known;
  }
  const draft = `${keyFile(path)}.${process.pid}`;
  writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flush: true });
  try {
    linkSync(draft, keyFile(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
  const made = readClusterKey(path);
  if (made === undefined) throw new Error('cluster.key is empty: remove it');
  return made;
}
