import type { Topology } from '../../topology/index.ts';
import type { Output } from '../terminal/output.ts';

/** Where everything listens: what is not on loopback is opened on the user's word alone. */
export const loopback = '127.0.0.1';

export interface UpOptions {
  readonly topology: Topology;
  /** The config's file, as it is shown. */
  readonly config: string;
  readonly configFile: string;
  readonly dataFolder: string;
  readonly out: Output;
  readonly err: Output;
  readonly environment: NodeJS.ProcessEnv;
}
