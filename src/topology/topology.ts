import type { Route, SystemCommand } from './config.ts';

/** A config worked out: every process that is to run, with everything it needs to be started. */
export interface Topology {
  readonly production: boolean;
  /** Undefined when the config does not say. */
  readonly faults: boolean | undefined;
  /** The systems that were chosen. */
  readonly systems: readonly ResolvedSystem[];
  /** The registry first, then the services in the order they were written, the gateway last. */
  readonly processes: readonly ProcessSpec[];
  /** Routes of the chosen systems, as written. */
  readonly routes: readonly Route[];
}

export interface ResolvedSystem {
  readonly name: string;
  readonly summary: string | undefined;
  readonly services: readonly string[];
  readonly commands: readonly SystemCommand[];
  readonly try: readonly string[];
}

export interface ProcessSpec {
  readonly role: 'registry' | 'service' | 'gateway';
  readonly service: string;
  /** Stable across restarts: `echo-a-1`; `registry` and `gateway` are their own instance. */
  readonly instance: string;
  readonly main: URL;
  /** 0: a free port, chosen when it is started. */
  readonly port: number;
  /** Undefined when the config does not say. */
  readonly weight?: number | undefined;
  readonly zone?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly args: readonly string[];
}
