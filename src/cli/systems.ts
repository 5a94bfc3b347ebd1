import { loadTopology, type Topology } from '../topology/index.ts';
import { limits } from './limits.ts';
import { findWorkspace, type WorkspaceOptions } from './workspace.ts';

/** The systems of the config, for their commands. Without a config, or with a broken one, there are none. */
export interface LoadedSystems {
  readonly topology?: Topology | undefined;
  /** Why the config could not be read: what `file:line:column` is wrong. */
  readonly trouble?: string | undefined;
}

export async function loadSystems(options: WorkspaceOptions, folder: string): Promise<LoadedSystems> {
  const { configFile } = findWorkspace(options, folder);
  if (configFile === undefined) return {};
  // Help must come whatever a config does, also when it never finishes loading.
  let timeout: NodeJS.Timeout | undefined;
  const late = new Promise<LoadedSystems>((resolve) => {
    timeout = setTimeout(() => {
      resolve({
        trouble: `  ${configFile} takes longer than ${limits.helpConfigWaitMaxMs / 1000} s to load`,
      });
    }, limits.helpConfigWaitMaxMs);
  });
  const loaded = loadTopology(configFile, { from: folder }).then((outcome): LoadedSystems => {
    if (outcome.ok) return { topology: outcome.topology };
    return { trouble: outcome.lines.map((line) => `  ${line}`).join('\n') };
  });
  const first = await Promise.race([loaded, late]);
  clearTimeout(timeout);
  return first;
}
