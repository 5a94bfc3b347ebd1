import type { Prng } from '../std/index.ts';
import type { SimulatedHost } from './host.ts';
import type { DiskProfile } from './profile.ts';
import type { Internet } from './stream/stack.ts';
import type { Life, Timeline } from './timeline.ts';
import type { Recorder } from './trace.ts';

/** What all hosts of a simulation have in common. */
export interface World {
  readonly seed: number;
  readonly timeline: Timeline;
  /** Never ends, never pauses. */
  readonly life: Life;
  readonly recorder: Recorder;
  readonly internet: Internet;
  readonly diskPrng: Prng;
  readonly diskProfile: () => DiskProfile;
  readonly hosts: (name: string) => SimulatedHost | undefined;
  readonly describe: (message: unknown) => string;
}
