import type { Timer } from '../host/index.ts';
import type { Prng } from '../std/index.ts';
import type { DiskImage } from './disk/medium.ts';
import type { SimulatedHost } from './host.ts';
import type { FaultSchedule } from './profile.ts';
import type { Simulation } from './simulation.ts';

/** Copies of disks are taken this often, to be put back after a power cut. */
const imageEveryMs = 1000;

/**
 * Strikes the hosts of a simulation as its schedule says: each kind of fault on its own, at random moments.
 * Only hosts with a program are crashed, paused or damaged; any link may fail.
 */
export class Injector {
  readonly #simulation: Simulation;
  readonly #schedule: FaultSchedule;
  readonly #prng: Prng;
  readonly #damaged = new Set<string>();
  readonly #images = new Map<string, DiskImage>();
  #timers = new Set<Timer>();

  constructor(simulation: Simulation, schedule: FaultSchedule, prng: Prng) {
    this.#simulation = simulation;
    this.#schedule = schedule;
    this.#prng = prng;
  }

  start(): void {
    const schedule = this.#schedule;
    this.#repeat(schedule.partitionEveryMs, () => this.#partition());
    this.#repeat(schedule.clogEveryMs, () => this.#clog());
    this.#repeat(schedule.crashEveryMs, () => this.#crash());
    this.#repeat(schedule.pauseEveryMs, () => this.#pause());
    this.#repeat(schedule.clockJumpEveryMs, () => this.#jumpClock());
    this.#repeat(schedule.diskFullEveryMs, () => this.#fillDisk());
    this.#repeat(schedule.corruptEveryMs, () => this.#corrupt());
    if (schedule.restoreChance > 0) this.#repeat(imageEveryMs, () => this.#copyDisk());
  }

  /** Nothing of it happens any more, the ends of faults included. */
  stop(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers = new Set();
  }

  #repeat(everyMs: number, strike: () => void): void {
    if (everyMs <= 0) return;
    this.#after(everyMs * 2 * this.#prng.fraction(), () => {
      strike();
      this.#repeat(everyMs, strike);
    });
  }

  #after(delayMs: number, run: () => void): void {
    const timer = this.#simulation.after(delayMs, () => {
      this.#timers.delete(timer);
      run();
    });
    this.#timers.add(timer);
  }

  /** Two groups that do not hear each other, or one that is not heard. */
  #partition(): void {
    const names = this.#shuffled(this.#simulation.hosts.map((host) => host.name));
    if (names.length < 2) return;
    const size = 1 + this.#prng.below(names.length - 1);
    const oneWay = this.#prng.chance(this.#schedule.asymmetricChance);
    const partition = this.#simulation.partition(names.slice(0, size), names.slice(size), { oneWay });
    this.#after(this.#upTo(this.#schedule.partitionMsMax), () => partition.mend());
  }

  #clog(): void {
    const [from, to] = this.#shuffled(this.#simulation.hosts.map((host) => host.name));
    if (from === undefined || to === undefined) return;
    this.#simulation.clog(from, to, this.#upTo(this.#schedule.clogMsMax));
  }

  #crash(): void {
    const programs = this.#programs();
    const down = programs.filter((host) => !host.up).length;
    const host = this.#pick(programs.filter((each) => each.up));
    if (host === undefined || down >= this.#schedule.downHostsMax) return;
    const power = this.#prng.chance(this.#schedule.powerChance);
    host.crash(power ? 'power' : 'process');
    if (power) this.#replaceDisk(host);
    this.#after(this.#upTo(this.#schedule.downMsMax), () => {
      if (!host.up) host.restart();
    });
  }

  #replaceDisk(host: SimulatedHost): void {
    const wipe = this.#prng.chance(this.#schedule.wipeChance);
    const restore = this.#prng.chance(this.#schedule.restoreChance);
    const image = this.#images.get(host.name);
    if (!wipe && (!restore || image === undefined)) return;
    if (!this.#mayDamage(host)) return;
    host.replaceDisk(wipe ? undefined : image);
    this.#damaged.add(host.name);
  }

  #pause(): void {
    const host = this.#pick(this.#programs().filter((each) => each.up && !each.paused));
    if (host === undefined) return;
    host.pause();
    this.#after(this.#upTo(this.#schedule.pauseMsMax), () => host.resume());
  }

  #jumpClock(): void {
    const host = this.#pick(this.#simulation.hosts);
    const jumpMs = Math.round(this.#schedule.clockJumpMsMax * (2 * this.#prng.fraction() - 1));
    host?.jumpClock(jumpMs);
  }

  #fillDisk(): void {
    const host = this.#pick(this.#programs());
    if (host === undefined) return;
    host.setDiskFull(true);
    this.#after(this.#upTo(this.#schedule.diskFullMsMax), () => host.setDiskFull(false));
  }

  #corrupt(): void {
    const host = this.#pick(this.#programs());
    if (host !== undefined && this.#mayDamage(host) && host.corruptDisk()) this.#damaged.add(host.name);
  }

  #copyDisk(): void {
    const host = this.#pick(this.#programs());
    if (host !== undefined) this.#images.set(host.name, host.diskImage());
  }

  /** Damage that replication has to make good strikes a bounded number of hosts. */
  #mayDamage(host: SimulatedHost): boolean {
    return this.#damaged.has(host.name) || this.#damaged.size < this.#schedule.damagedHostsMax;
  }

  #programs(): SimulatedHost[] {
    return this.#simulation.hosts.filter((host) => host.booted);
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[this.#prng.below(items.length)];
  }

  #upTo(mostMs: number): number {
    return 1 + mostMs * this.#prng.fraction();
  }

  #shuffled<T>(items: readonly T[]): T[] {
    const left = [...items];
    const shuffled: T[] = [];
    while (left.length > 0) shuffled.push(...left.splice(this.#prng.below(left.length), 1));
    return shuffled;
  }
}
