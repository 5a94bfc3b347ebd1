import type { Output } from './terminal/output.ts';
import type { WorkspaceOptions } from './workspace.ts';

/** One call of a command: what was typed, and where it may print. */
export interface Invocation {
  readonly args: readonly string[];
  readonly options: WorkspaceOptions & {
    readonly json?: boolean | undefined;
    readonly follow?: boolean | undefined;
    readonly lines?: string | undefined;
  };
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly out: Output;
  readonly err: Output;
}

/** What the file of a command exports. Resolves to the exit code. */
export type RunCommand = (invocation: Invocation) => Promise<number>;

export const exitCodes = {
  fine: 0,
  /** It could not be done. */
  failed: 1,
  /** It was asked for in the wrong way. */
  usage: 2,
} as const;
