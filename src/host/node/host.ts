import type { Clock } from '../clock.ts';
import type { Disk } from '../disk.ts';
import { Faults } from '../faults.ts';
import type { Host } from '../host.ts';
import type { Network } from '../network.ts';
import type { Random } from '../random.ts';
import { NodeClock } from './clock.ts';
import { NodeDisk } from './disk.ts';
import { NodeNetwork } from './network.ts';
import { NodeRandom } from './random.ts';

export interface NodeHostOptions {
  /** Whether drills may inject faults into this process; false in production. */
  readonly faultsAllowed: boolean;
}

/** The real world, for composition roots: the clock, randomness, network and disk of this machine. */
export function nodeHost(options: NodeHostOptions): Host {
  const faults = new Faults({ allowed: options.faultsAllowed });
  const clock: Clock = new NodeClock(faults);
  const random: Random = new NodeRandom();
  const network: Network = new NodeNetwork(clock, faults);
  const disk: Disk = new NodeDisk(clock, faults);
  return { clock, random, network, disk, faults };
}

/**
 * What a process's environment says about faults: `HOLDFAST_FAULTS=on` lets them in, anything else does
 * not.
 */
export function faultsAllowedBy(environment: Readonly<Record<string, string | undefined>>): boolean {
  return environment.HOLDFAST_FAULTS === 'on';
}
