import { HoldfastError } from '../../std/index.ts';
import { loadTopology } from '../../topology/index.ts';
import { exitCodes, type RunCommand } from '../invocation.ts';
import { up } from '../up/up.ts';
import { findWorkspace, noConfigText } from '../workspace.ts';

export const run: RunCommand = async ({ args, options, folder, environment, out, err }) => {
  const workspace = findWorkspace(options, folder);
  const { configFile } = workspace;
  if (configFile === undefined) {
    err.line(noConfigText(workspace, options));
    return exitCodes.failed;
  }
  const loaded = await loadTopology(configFile, { systems: args, from: folder });
  if (!loaded.ok) {
    for (const line of loaded.lines) err.line(line);
    return loaded.asked === true ? exitCodes.usage : exitCodes.failed;
  }
  if (loaded.topology.processes.every(({ role }) => role !== 'service')) {
    err.line(`${workspace.config} has no services: add a system to its list of systems.`);
    return exitCodes.failed;
  }
  try {
    const { topology } = loaded;
    const { config, dataFolder } = workspace;
    return await up({ topology, config, configFile, dataFolder, out, err, environment });
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    err.line(error.message);
    return exitCodes.failed;
  }
};
