import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/** Where a command works: which config it reads and which data folder it speaks to. */
export interface Workspace {
  /** Undefined when there is no config here or above. */
  readonly configFile: string | undefined;
  /** The config's path as a user reads it. */
  readonly config: string;
  readonly dataFolder: string;
}

export interface WorkspaceOptions {
  readonly config?: string | undefined;
  readonly data?: string | undefined;
}

const names = ['holdfast.config.ts', 'holdfast.config.mts', 'holdfast.config.js', 'holdfast.config.mjs'];

/** The config given, or the nearest one from here upwards; its data beside it unless told otherwise. */
export function findWorkspace(options: WorkspaceOptions, from: string): Workspace {
  const configFile = options.config === undefined ? nearestConfig(from) : resolve(from, options.config);
  const home = configFile === undefined ? from : dirname(configFile);
  return {
    configFile: configFile !== undefined && existsSync(configFile) ? configFile : undefined,
    config: configFile === undefined ? (names[0] ?? '') : shown(configFile, from),
    dataFolder: options.data === undefined ? join(home, '.holdfast') : resolve(from, options.data),
  };
}

export function noConfigText(workspace: Workspace, options: WorkspaceOptions): string {
  if (options.config !== undefined) return `There is no config file ${workspace.config}.`;
  const how = 'Write one (docs/reference/config.md says how), or name it with --config.';
  return `There is no ${workspace.config} here or in a folder above. ${how}`;
}

function nearestConfig(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = names.map((name) => join(folder, name)).find((file) => existsSync(file));
    if (found !== undefined) return found;
    if (dirname(folder) === folder) return undefined;
  }
}

function shown(file: string, from: string): string {
  const short = relative(from, file);
  return short.startsWith('..') ? file : short;
}
