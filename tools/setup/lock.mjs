import fs from 'node:fs';
import { limits } from './limits.mjs';
import { places, read } from './places.mjs';
import { say, Trouble } from './trouble.mjs';

/** Runs `whileHeld` as the only set-up in this folder; a second one waits, then finds everything done. */
export async function withLock(whileHeld) {
  fs.mkdirSync(places.cache, { recursive: true });
  const endMs = Date.now() + limits.waitMsMax;
  let told = false;
  while (!takeLock()) {
    const holder = currentHolder();
    if (holder === undefined) continue;
    if (Date.now() > endMs) {
      throw new Trouble(`Another set-up (process ${holder}) does not finish: end it, then try again.`);
    }
    if (!told && holder !== '') say(`Another set-up (process ${holder}) is at work: waiting for it.`);
    told ||= holder !== '';
    await new Promise((resolve) => setTimeout(resolve, limits.waitStepMs));
  }
  const heartbeat = setInterval(() => {
    fs.utimesSync(places.lock, new Date(), new Date());
  }, limits.heartbeatMs);
  try {
    await whileHeld();
  } finally {
    clearInterval(heartbeat);
    release();
  }
}

/** Gives the lock back and removes an unfinished install. Only for the process that holds the lock. */
export function release() {
  fs.rmSync(places.staging, { recursive: true, force: true });
  fs.rmSync(places.lock, { force: true });
}

function takeLock() {
  try {
    fs.writeFileSync(places.lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

/** The process that holds the lock; undefined when nobody does (any more). */
function currentHolder() {
  if (!isStale()) return read(places.lock);
  // Of several that wait only the one that makes this file removes the lock, after a second look: otherwise
  // a slow one could remove the lock that a faster one has just taken.
  const breaking = `${places.lock}.breaking`;
  try {
    fs.writeFileSync(breaking, '', { flag: 'wx' });
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (ageMs(breaking) > limits.lockAgeMsMax) fs.rmSync(breaking, { force: true });
    return read(places.lock);
  }
  if (isStale()) fs.rmSync(places.lock, { force: true });
  fs.rmSync(breaking, { force: true });
  return undefined;
}

function isStale() {
  const holder = read(places.lock);
  if (holder === undefined) return false;
  // Empty for the moment between being made and being written.
  const isAbandoned = holder !== '' && !isAlive(Number(holder));
  return isAbandoned || ageMs(places.lock) > limits.lockAgeMsMax;
}

function ageMs(file) {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? 0 : Date.now() - stat.mtimeMs;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
