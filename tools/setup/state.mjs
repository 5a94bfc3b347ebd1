import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { nodeCommand, places, read, stampName } from './places.mjs';
import { Trouble } from './trouble.mjs';

/** What a finished set-up leaves in node_modules: for which lock file, on which kind of machine. */
export function expectedStamp() {
  const lock = read(places.root, 'package-lock.json');
  if (lock === undefined) throw new Trouble('package-lock.json is missing: restore it with git.');
  return `${createHash('sha256').update(lock).digest('hex')} ${process.platform} ${process.arch}\n`;
}

/** The packages that package-lock.json names, by folder. */
export function lockedPackages() {
  try {
    return JSON.parse(read(places.root, 'package-lock.json')).packages;
  } catch (error) {
    throw new Trouble(`package-lock.json cannot be read (a merge conflict?): ${error.message}`);
  }
}

/** True when node_modules is complete, be it from here or from an `npm ci` or `npm install` run by hand. */
export function isUpToDate() {
  if (!fs.existsSync(path.join(places.modules, nodeCommand))) return false;
  const stamp = expectedStamp();
  if (read(places.modules, stampName) === stamp) return true;
  if (!isSameSet(lockedPackages(), installedPackages())) return false;
  fs.writeFileSync(path.join(places.modules, stampName), stamp);
  return true;
}

/** What npm noted that it put there; empty when it did not finish. */
export function installedPackages() {
  try {
    return JSON.parse(read(places.modules, '.package-lock.json') ?? '{}').packages ?? {};
  } catch {
    return {};
  }
}

/** Only optional packages may be absent: those of other platforms are. */
function isSameSet(locked, installed) {
  const same = (name) =>
    installed[name]?.version === locked[name]?.version &&
    installed[name]?.integrity === locked[name]?.integrity;
  const wanted = Object.keys(locked).filter((name) => name !== '' && !locked[name].optional);
  return wanted.every(same) && Object.keys(installed).every(same);
}
