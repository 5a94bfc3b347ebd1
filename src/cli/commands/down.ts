import { exitCodes, type RunCommand } from '../invocation.ts';
import { limits } from '../limits.ts';
import { duration } from '../up/core/describe.ts';
import { findRunning } from '../up/driver/control-client.ts';
import { isAlive, type RunRecord } from '../up/driver/run-file.ts';
import { findWorkspace } from '../workspace.ts';
import { notRunningText } from './not-running.ts';

export const run: RunCommand = async ({ options, folder, out, err }) => {
  const { dataFolder } = findWorkspace(options, folder);
  const found = await findRunning(dataFolder);
  if (found.kind === 'nothing' || found.kind === 'dead') {
    // What was asked for is so.
    out.line('Nothing runs here.');
    return exitCodes.fine;
  }
  if (found.kind !== 'running') {
    err.line(notRunningText(found, dataFolder));
    return exitCodes.failed;
  }
  try {
    const { stopped, tookMs } = await found.client.down();
    await ended(found.client.record);
    out.line(`Stopped ${stopped === 1 ? '1 process' : `${stopped} processes`} in ${duration(tookMs)}.`);
  } catch {
    // It ended before it could answer, or was told to hurry.
    await ended(found.client.record);
    out.line('Stopped.');
  }
  return exitCodes.fine;
};

/** `up` itself ends a moment after its last process. */
async function ended(record: RunRecord): Promise<void> {
  const startedMs = performance.now();
  while (isAlive(record) && performance.now() - startedMs < limits.killWaitMaxMs) {
    await new Promise((resolve) => setTimeout(resolve, limits.portPollMs));
  }
}
