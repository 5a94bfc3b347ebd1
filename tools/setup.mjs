// Makes node_modules match package-lock.json before an npm script runs. Plain JavaScript for the machine's
// own Node (20 or newer) with nothing installed: this is what brings the pinned Node and everything else.

import { install } from './setup/install.mjs';
import { withLock } from './setup/lock.mjs';
import { checkMachine } from './setup/machine.mjs';
import { isUpToDate } from './setup/state.mjs';
import { say, Trouble } from './setup/trouble.mjs';

try {
  if (!isUpToDate()) {
    checkMachine();
    await withLock(async () => {
      if (!isUpToDate()) await install();
    });
  }
} catch (error) {
  // A code tells of the machine (a folder that may not be written); anything else is a mistake in here.
  if (!(error instanceof Trouble) && error.code === undefined) throw error;
  say(error instanceof Trouble ? error.message : `The set-up failed: ${error.message}.`);
  process.exitCode = 1;
}
