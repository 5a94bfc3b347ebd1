import type { Clock, Disk, Faults, Host, Network, Random } from '../host/index.ts';
import { assert, Prng } from '../std/index.ts';
import { MachineClock } from './clock.ts';
import { type DiskImage, Medium } from './disk/medium.ts';
import type { Station } from './packets.ts';
import { Process, type ReceiveMessage } from './process.ts';
import type { ClockProfile } from './profile.ts';
import { type Node, Stack } from './stream/stack.ts';
import { Life } from './timeline.ts';
import { seedFor } from './trace.ts';
import type { World } from './world.ts';

/** What a host runs, from its start: it is called again, with a new `Host`, at every restart. */
export type Program = (host: Host) => void;

/**
 * How a host ends. process: kill -9; the system lives on, resets or ends its connections and keeps what was
 * written. power: the machine goes dark; connections fall silent and what was not synced is torn or lost.
 */
export type CrashKind = 'process' | 'power';

/** What has befallen a disk beyond what a power cut does to it. */
export type DiskDamage =
  /** A sector of that file has rotted. */
  | { readonly kind: 'rot'; readonly atMs: number; readonly path: string }
  /** Another disk stands in its place: what became durable after `sinceMs` is gone. */
  | { readonly kind: 'replaced'; readonly atMs: number; readonly sinceMs: number };

/**
 * A simulated machine and the one process on it. It is a `Host` itself: that of its present life. Starts
 * with the power on and an empty process, so that tests may use its ports at once.
 */
export class SimulatedHost implements Host, Node {
  readonly name: string;
  readonly index: number;
  readonly stack: Stack;
  readonly #world: World;
  readonly #prng: Prng;
  readonly #medium = new Medium();
  readonly #damages: DiskDamage[] = [];
  #recoveredUs = 0;
  readonly #machineClock: MachineClock;
  #system = new Life();
  #process: Process;
  #program: Program | undefined;
  #lives = 0;

  constructor(world: World, name: string, index: number, clockProfile: ClockProfile) {
    this.#world = world;
    this.name = name;
    this.index = index;
    this.#prng = new Prng(seedFor(world.seed, `host ${name}`));
    this.#machineClock = new MachineClock(world.timeline, this.#prng.below(1_000_000));
    this.#machineClock.jump(this.#eitherWay(clockProfile.offsetMsMax));
    this.#machineClock.setRate(1 + this.#eitherWay(clockProfile.driftMax));
    this.stack = new Stack(world.internet, this, this.#system);
    this.#process = this.#newProcess();
  }

  get clock(): Clock {
    return this.#present.clock;
  }

  get random(): Random {
    return this.#present.random;
  }

  get network(): Network {
    return this.#present.network;
  }

  get disk(): Disk {
    return this.#present.disk;
  }

  get faults(): Faults {
    return this.#present.faults;
  }

  /** Whether its process lives; it may be paused. */
  get up(): boolean {
    return this.#process.life.alive;
  }

  get powered(): boolean {
    return this.#system.alive;
  }

  get paused(): boolean {
    return this.#process.life.paused;
  }

  /** Whether it has a program, and a restart means something. */
  get booted(): boolean {
    return this.#program !== undefined;
  }

  /** In the order in which it struck. */
  get damages(): readonly DiskDamage[] {
    return this.#damages;
  }

  /** When it last was down or stopped, or its disk was full or failed an operation: now, while that is so. */
  get ailedMs(): number {
    if (!this.up || this.paused || this.#medium.full) return this.#nowMs;
    return Math.max(this.#recoveredUs, this.#medium.failedUs) / 1000;
  }

  /** Runs `program` now and after every restart. */
  boot(program: Program): void {
    this.#program = program;
    program(this.#present);
  }

  /** Ends it. Of a process already ended, only the power can still be cut. */
  crash(kind: CrashKind): void {
    if (this.up) {
      this.#world.recorder.record(this.name, 'crash', kind);
      this.#process.life.end();
      if (kind === 'process') this.stack.processEnded();
    }
    if (kind === 'power' && this.powered) {
      this.#system.end();
      this.stack.powerCut();
      this.#medium.powerCut(this.#prng);
    }
  }

  /** A new life: the same program, clock, name and disk; nothing in memory. */
  restart(): void {
    assert(!this.up, 'only a host that is down is restarted');
    this.#world.recorder.record(this.name, 'restart', '');
    this.#recoveredUs = this.#world.timeline.nowUs;
    if (!this.powered) {
      this.#system = new Life();
      this.stack.powerOn(this.#system);
      this.#machineClock.reboot(this.#prng.below(1_000_000));
    }
    this.#process = this.#newProcess();
    this.#program?.(this.#process);
  }

  /** As SIGSTOP: nothing of its program runs; the system goes on acknowledging what arrives for it. */
  pause(): void {
    if (!this.up || this.paused) return;
    this.#world.recorder.record(this.name, 'pause', '');
    this.#process.life.pause();
  }

  /** As SIGCONT: what has happened meanwhile reaches the program now, in order. */
  resume(): void {
    if (!this.up || !this.paused) return;
    this.#world.recorder.record(this.name, 'resume', '');
    this.#recoveredUs = this.#world.timeline.nowUs;
    this.#world.timeline.resume(this.#process.life);
  }

  /** The wall clock shows this much more, or less. */
  jumpClock(byMs: number): void {
    this.#world.recorder.record(this.name, 'clock', `${byMs} ms`);
    this.#machineClock.jump(byMs);
  }

  /** Its milliseconds in a true one from now on. */
  setClockRate(rate: number): void {
    this.#world.recorder.record(this.name, 'clock', `rate ${rate}`);
    this.#machineClock.setRate(rate);
  }

  setDiskFull(full: boolean): void {
    if (this.#medium.full === full) return;
    this.#world.recorder.record(this.name, 'disk-full', String(full));
    this.#medium.full = full;
    this.#recoveredUs = this.#world.timeline.nowUs;
  }

  /** A sector of one of its files rots. False when there is nothing to rot. */
  corruptDisk(): boolean {
    const where = this.#medium.corrupt(this.#prng);
    if (where === undefined) return false;
    const { path, sector } = where;
    this.#world.recorder.record(this.name, 'corrupt', `${path} at ${sector}`);
    this.#damages.push({ kind: 'rot', atMs: this.#nowMs, path });
    return true;
  }

  /** What is durable on its disk now. */
  diskImage(): DiskImage {
    return this.#medium.image(this.#nowMs);
  }

  /**
   * Puts an earlier copy in the place of its disk, or, without one, an empty disk. The power must be off.
   */
  replaceDisk(image?: DiskImage): void {
    assert(!this.powered, 'a disk is replaced while the power is off');
    this.#world.recorder.record(this.name, image === undefined ? 'wipe' : 'restore', '');
    this.#medium.replace(image);
    this.#damages.push({ kind: 'replaced', atMs: this.#nowMs, sinceMs: image?.takenMs ?? 0 });
  }

  /**
   * Sends a datagram: it may be lost, come twice, or late. One to a host that does not exist (yet) is lost.
   * The message must not change any more.
   */
  send(to: string, message: unknown): void {
    if (!this.up) return;
    const { internet, describe, recorder, hosts } = this.#world;
    const receiver = hosts(to);
    if (receiver === undefined) recorder.record(this.name, 'nowhere', to);
    else {
      const arrive = (): void => receiver.receiveMessage(message, this.name);
      internet.packets.send(this, receiver, describe(message), arrive);
    }
  }

  /** Takes the datagrams sent to this host, for this life of its process. */
  onMessage(receive: ReceiveMessage): void {
    this.#present.receiveMessage = receive;
  }

  receiveMessage(message: unknown, from: string): void {
    const process = this.#process;
    process.run(() => process.receiveMessage?.(message, from));
  }

  disturbance(peer: Station): { readonly delayMs: number; readonly drop: boolean } | undefined {
    const { faults } = this.#process;
    if (!faults.any) return undefined;
    return faults.paused() ? { delayMs: 0, drop: true } : faults.network(peer.name);
  }

  get #present(): Process {
    assert(this.up, `host ${this.name} is up when it is used`);
    return this.#process;
  }

  get #nowMs(): number {
    return this.#world.timeline.nowUs / 1000;
  }

  #newProcess(): Process {
    this.#lives++;
    return new Process({
      world: this.#world,
      host: this.name,
      randomSeed: seedFor(this.#world.seed, `life ${this.#lives} of ${this.name}`),
      machineClock: this.#machineClock,
      stack: this.stack,
      medium: this.#medium,
      system: this.#system,
    });
  }

  #eitherWay(most: number): number {
    return most * (2 * this.#prng.fraction() - 1);
  }
}
