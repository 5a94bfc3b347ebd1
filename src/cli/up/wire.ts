import type { ProcessState } from './core/supervisor.ts';

/** What `up` and the other commands say to each other: JSON over HTTP on loopback, with the cluster key. */

/** One row of `holdfast ps`, and of `ps --json`. */
export interface ProcessRow {
  readonly service: string;
  readonly instance: string;
  readonly pid: number | null;
  readonly port: number;
  /** Where it runs, and its share of the traffic; null where the topology does not say. */
  readonly zone: string | null;
  readonly weight: number | null;
  readonly state: ProcessState;
  /** How often it was started again. */
  readonly restarts: number;
  /** Since when it is in this state: ISO 8601, UTC. */
  readonly since: string;
  /** Why it does not run, or ran into trouble before; null when there is nothing to say. */
  readonly problem: string | null;
}

export interface ProcessList {
  readonly id: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly config: string;
  /** It stops everything. */
  readonly draining: boolean;
  readonly processes: readonly ProcessRow[];
}

export const actions = ['stop', 'start', 'restart', 'kill', 'pause', 'resume'] as const;
export type Action = (typeof actions)[number];

export interface ActRequest {
  readonly action: Action;
  /** Services or instances. */
  readonly names: readonly string[];
}

export interface ActResult {
  readonly instance: string;
  readonly ok: boolean;
  /** One sentence. */
  readonly text: string;
}

export interface ActAnswer {
  readonly results: readonly ActResult[];
}

export interface DownAnswer {
  readonly stopped: number;
  readonly tookMs: number;
}

/** Paths of the control server. */
export const paths = { processes: '/v1/processes', act: '/v1/act', down: '/v1/down' } as const;
