import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProcessSpec, Route } from '../../../topology/index.ts';

/** What every process of one `up` is started with. */
export interface LaunchSettings {
  readonly host: string;
  /** Base addresses of the registries; empty without one. */
  readonly registries: readonly string[];
  readonly clusterKey: string;
  readonly faults: boolean;
  readonly dataFolder: string;
  readonly routes: readonly Route[];
  /** The folder of the config: relative paths in arguments and variables mean it. */
  readonly workingFolder: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** The variables of a service process; see docs of `holdfast/service` for their meaning. */
export function environmentOf(
  spec: ProcessSpec,
  settings: LaunchSettings,
): Record<string, string | undefined> {
  const data = join(settings.dataFolder, 'data', spec.instance);
  const registries = spec.role === 'registry' ? [] : settings.registries;
  return {
    ...settings.environment,
    ...spec.env,
    CLUSTER_KEY: settings.clusterKey,
    PORT: String(spec.port),
    HOST: settings.host,
    HOLDFAST_INSTANCE: spec.instance,
    // Undefined takes away what `up` itself was started with: `ps` tells the truth.
    HOLDFAST_WEIGHT: spec.weight?.toString(),
    HOLDFAST_ZONE: spec.zone,
    HOLDFAST_REGISTRY: registries.length === 0 ? 'none' : registries.join(','),
    HOLDFAST_FAULTS: settings.faults ? 'on' : 'off',
    HOLDFAST_DATA: data,
    DATA_DIR: data,
    ...(spec.role === 'gateway' ? { HOLDFAST_ROUTES: JSON.stringify(settings.routes) } : {}),
  };
}

/**
 * A process of its own session: the terminal's Ctrl-C and hang-up reach `up` alone, which stops the others in
 * order. Its IPC channel tells it when `up` is gone.
 */
export function launch(spec: ProcessSpec, settings: LaunchSettings): ChildProcess {
  return spawn(process.execPath, [fileURLToPath(spec.main), ...spec.args], {
    cwd: settings.workingFolder,
    env: environmentOf(spec, settings),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
}
