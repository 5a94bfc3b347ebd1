import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { limits } from './limits.mjs';
import { nodeCommand } from './places.mjs';
import { lockedPackages } from './state.mjs';
import { Trouble } from './trouble.mjs';

/** Says at once what would only fail later: a Node that is too old, a platform nothing is pinned for. */
export function checkMachine() {
  const version = process.versions.node;
  if (Number.parseInt(version, 10) < limits.nodeMajorMin) {
    throw new Trouble(
      `This is Node ${version}; Node ${limits.nodeMajorMin} or newer is needed: get it from nodejs.org.`,
    );
  }
  const pinned = Object.values(lockedPackages()).filter((entry) => entry.bin?.node !== undefined);
  const platforms = pinned.map((entry) => `${[entry.os].flat()[0]} ${[entry.cpu].flat()[0]}`);
  const here = `${process.platform} ${process.arch}`;
  if (!platforms.includes(here)) {
    throw new Trouble(`There is no pinned Node for ${here}: use one of ${platforms.sort().join(', ')}.`);
  }
  if (process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime) {
    throw new Trouble(
      'The pinned Node needs glibc, which this Linux (Alpine?) lacks: use Debian or Ubuntu.',
    );
  }
}

/** npm silently passes over an optional package it cannot get, and the pinned Node is one. */
export function checkPinnedNode(modules) {
  const command = path.join(modules, nodeCommand);
  if (!fs.existsSync(command)) {
    throw new Trouble(
      'The pinned Node could not be downloaded: check the network, then run the same command again.',
    );
  }
  // Through the shell, because on Windows it is a .cmd file.
  const trial = spawnSync(`"${command}" --version`, { encoding: 'utf8', shell: true });
  if (trial.status !== 0) {
    throw new Trouble(
      `The pinned Node does not run on this machine: ${trial.stderr.trim().split('\n')[0]}`,
    );
  }
}
