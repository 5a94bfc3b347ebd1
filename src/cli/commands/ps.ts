import { exitCodes, type RunCommand } from '../invocation.ts';
import { processTable } from '../terminal/process-table.ts';
import { findRunning } from '../up/driver/control-client.ts';
import { findWorkspace } from '../workspace.ts';
import { notRunningText } from './not-running.ts';

export const run: RunCommand = async ({ options, folder, out, err }) => {
  const { dataFolder } = findWorkspace(options, folder);
  const found = await findRunning(dataFolder);
  if (found.kind !== 'running') {
    if (options.json === true) out.line('[]');
    err.line(notRunningText(found, dataFolder));
    return exitCodes.failed;
  }
  const { processes } = found.list;
  if (options.json === true) out.line(JSON.stringify(processes, undefined, 2));
  else
    for (const line of processTable(out, processes, { detailed: true, wallMs: Date.now() })) out.line(line);
  return exitCodes.fine;
};
