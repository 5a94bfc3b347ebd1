import { HoldfastError } from '../../std/index.ts';
import { exitCodes, type RunCommand } from '../invocation.ts';
import { forewarnings } from '../up/core/forewarning.ts';
import { findRunning } from '../up/driver/control-client.ts';
import type { Action } from '../up/wire.ts';
import { findWorkspace } from '../workspace.ts';
import { notRunningText } from './not-running.ts';

/** The command of one action: asks the running `up` to do it. */
export function actCommand(action: Action): RunCommand {
  return async ({ args, options, folder, out, err }) => {
    const { dataFolder } = findWorkspace(options, folder);
    const found = await findRunning(dataFolder);
    if (found.kind !== 'running') {
      err.line(notRunningText(found, dataFolder));
      return exitCodes.failed;
    }
    for (const line of forewarnings(action, found.list.processes, args)) err.line(line);
    try {
      const { results } = await found.client.act({ action, names: args });
      for (const { ok, text } of results) (ok ? out : err).line(text);
      return results.every(({ ok }) => ok) ? exitCodes.fine : exitCodes.failed;
    } catch (error) {
      const unknown = error instanceof HoldfastError && error.code === 'not_found';
      err.line(error instanceof HoldfastError ? error.message : 'holdfast up ended before it was done.');
      return unknown ? exitCodes.usage : exitCodes.failed;
    }
  };
}
