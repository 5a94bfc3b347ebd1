import type { Clock } from './clock.ts';
import type { Disk } from './disk.ts';
import type { Faults } from './faults.ts';
import type { Network } from './network.ts';
import type { Random } from './random.ts';

/** What a driver may touch of the world: one real implementation, one simulated. */
export interface Host {
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly disk: Disk;
  readonly faults: Faults;
}
