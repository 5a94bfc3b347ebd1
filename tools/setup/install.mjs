// An install is made beside node_modules, in .cache/, and moved into place once it is complete and proved to
// run. Whatever goes wrong before that, the former node_modules stays as it was and the next run tries again.

import fs from 'node:fs';
import path from 'node:path';
import { checkPinnedNode } from './machine.mjs';
import { explain, networkCode, npmCi } from './npm.mjs';
import { places, read, stampName } from './places.mjs';
import { expectedStamp, installedPackages } from './state.mjs';
import { say, Trouble } from './trouble.mjs';

export async function install() {
  const startMs = Date.now();
  const why = fs.existsSync(places.modules) ? 'package-lock.json has changed' : 'first time only';
  say(`Installing what Holdfast needs (${why}): about half a minute, 400 MB ...`);
  const stamp = expectedStamp();
  prepareStaging();
  await fillStaging();
  const staged = path.join(places.staging, 'node_modules');
  checkPinnedNode(staged);
  fs.writeFileSync(path.join(staged, stampName), stamp);
  moveIntoPlace(staged);
  const seconds = ((Date.now() - startMs) / 1000).toFixed(1);
  say(`Installed in ${seconds} s: ${Object.keys(installedPackages()).length} packages.`);
}

function prepareStaging() {
  // Left behind by set-ups that were killed.
  for (const name of fs.readdirSync(places.cache)) {
    if (!/^setup-\d+$/.test(name)) continue;
    fs.rmSync(path.join(places.cache, name), { recursive: true, force: true, maxRetries: 3 });
  }
  fs.mkdirSync(places.staging);
  // The project's own npm scripts are left out: they belong to the folder, not to this copy.
  const { scripts: _, ...description } = JSON.parse(read(places.root, 'package.json'));
  fs.writeFileSync(path.join(places.staging, 'package.json'), JSON.stringify(description));
  for (const name of ['package-lock.json', '.npmrc']) {
    const file = path.join(places.root, name);
    if (fs.existsSync(file)) fs.copyFileSync(file, path.join(places.staging, name));
  }
}

/** npm's cache comes first: with everything in it, no network is needed. */
async function fillStaging() {
  const first = await npmCi(places.staging, ['--prefer-offline']);
  if (first.status === 0) return;
  if (networkCode(first.output) !== undefined) throw new Trouble(explain(first));
  // The cache may know a package only as it was before the version that the lock asks for.
  const second = await npmCi(places.staging, []);
  if (second.status !== 0) throw new Trouble(explain(second));
}

function moveIntoPlace(staged) {
  const former = path.join(places.staging, 'former');
  try {
    if (fs.existsSync(places.modules)) fs.renameSync(places.modules, former);
    fs.renameSync(staged, places.modules);
  } catch (error) {
    if (fs.existsSync(former) && !fs.existsSync(places.modules)) fs.renameSync(former, places.modules);
    throw new Trouble(
      `node_modules cannot be replaced (${error.code}): stop what runs from it, then run \`npm ci\`.`,
    );
  }
}
