import { type Clock, type Disk, Faults, type Host, type Network, type Random } from '../host/index.ts';
import { type MachineClock, SimulatedClock } from './clock.ts';
import { SimulatedDisk } from './disk/disk.ts';
import type { Medium } from './disk/medium.ts';
import { SimulatedRandom } from './random.ts';
import { SimulatedNetwork } from './stream/network.ts';
import type { Stack } from './stream/stack.ts';
import { Life } from './timeline.ts';
import type { World } from './world.ts';

/** A message from another host, as it was sent: the receiver must not change it. */
export type ReceiveMessage = (message: unknown, from: string) => void;

/** One life of a process on a simulated machine. When it ends nothing it holds does anything any more. */
export class Process implements Host {
  readonly life = new Life();
  readonly clock: Clock;
  readonly random: Random;
  readonly network: Network;
  readonly disk: Disk;
  readonly faults = new Faults({ allowed: true });
  receiveMessage: ReceiveMessage | undefined;
  readonly #world: World;

  constructor(options: {
    readonly world: World;
    readonly host: string;
    readonly randomSeed: number;
    readonly machineClock: MachineClock;
    readonly stack: Stack;
    readonly medium: Medium;
    readonly system: Life;
  }) {
    const { world, host, stack, medium, system } = options;
    const { timeline, recorder } = world;
    const { life, faults } = this;
    this.#world = world;
    const post = (run: () => void): void => this.post(run);
    this.clock = new SimulatedClock({
      timeline,
      life,
      machine: options.machineClock,
      faults,
      host,
      recorder,
    });
    this.random = new SimulatedRandom(options.randomSeed);
    this.network = new SimulatedNetwork({ stack, process: life, post, host, recorder });
    this.disk = new SimulatedDisk({
      medium,
      timeline,
      system,
      process: life,
      post,
      faults,
      prng: world.diskPrng,
      profile: () => world.diskProfile(),
      host,
      recorder,
    });
  }

  /** As an event of its own, at this moment or, if it is paused, when it is resumed. */
  post(run: () => void): void {
    this.#world.timeline.at(this.life, 0, run);
  }

  /** At once, unless it is paused. */
  run(run: () => void): void {
    if (this.life.paused) this.post(run);
    else if (this.life.alive) run();
  }
}
