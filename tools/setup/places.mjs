import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const cache = path.join(root, '.cache');

export const places = {
  root,
  modules: path.join(root, 'node_modules'),
  cache,
  staging: path.join(cache, `setup-${process.pid}`),
  lock: path.join(cache, 'setup.lock'),
};

export const stampName = '.holdfast-setup';
export const isWindows = process.platform === 'win32';

/** The pinned Node, inside a node_modules folder. */
export const nodeCommand = path.join('.bin', isWindows ? 'node.cmd' : 'node');

/** The file's text, or undefined when there is none. */
export function read(...parts) {
  try {
    return fs.readFileSync(path.join(...parts), 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
