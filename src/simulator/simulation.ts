import type { Timer } from '../host/index.ts';
import { assert, must, Prng } from '../std/index.ts';
import { describeMessage } from './describe.ts';
import { SimulatedHost } from './host.ts';
import { Injector } from './injector.ts';
import { limits } from './limits.ts';
import { Links, type Partition } from './links.ts';
import { Packets } from './packets.ts';
import { calm, type DiskProfile, type FaultProfile } from './profile.ts';
import { Life, Timeline } from './timeline.ts';
import { type Recorder, seedFor, Trace } from './trace.ts';
import type { World } from './world.ts';

export interface SimulationOptions {
  /** A whole number in [0, 2^32). The same seed and the same programs give the same trace. */
  readonly seed: number;
  /** What goes wrong; nothing by default. Its schedule runs from `startFaults` on. */
  readonly profile?: FaultProfile | undefined;
  /** How many of the last trace lines are kept as text; at most `limits.transcriptLinesMax`. */
  readonly transcriptLines?: number | undefined;
  /** How the trace shows a datagram. JSON by default. */
  readonly describe?: ((message: unknown) => string) | undefined;
}

/**
 * A world in one thread: hosts, a network between them, disks, and a virtual time that runs as fast as the
 * programs' events can be worked off. Nothing happens outside `step` and the calls that contain it, and
 * nothing is asynchronous to them.
 */
export class Simulation {
  readonly seed: number;
  /** For the scenario's own choices: what clients do, and when. */
  readonly prng: Prng;
  readonly #timeline = new Timeline();
  readonly #life = new Life();
  readonly #trace: Trace;
  readonly #links = new Links();
  readonly #packets: Packets;
  readonly #hosts = new Map<string, SimulatedHost>();
  readonly #world: World;
  readonly #injector: Injector;
  readonly #checks: (() => void)[] = [];
  #profile: FaultProfile;
  #disk: DiskProfile;
  #connections = 0;
  #events = 0;

  constructor(options: SimulationOptions) {
    const { seed, profile = calm } = options;
    this.seed = seed;
    this.prng = new Prng(seedFor(seed, 'scenario'));
    this.#profile = profile;
    this.#disk = profile.disk;
    this.#trace = new Trace(Math.min(options.transcriptLines ?? 0, limits.transcriptLinesMax));
    const recorder: Recorder = {
      record: (host, kind, details) => this.#trace.record(this.#timeline.nowUs, host, kind, details),
    };
    this.#packets = new Packets({
      timeline: this.#timeline,
      world: this.#life,
      prng: new Prng(seedFor(seed, 'packets')),
      links: this.#links,
      recorder,
      profile: profile.network,
    });
    const find = (name: string): SimulatedHost | undefined => this.#hosts.get(name);
    this.#world = {
      seed,
      timeline: this.#timeline,
      life: this.#life,
      recorder,
      internet: {
        timeline: this.#timeline,
        packets: this.#packets,
        prng: new Prng(seedFor(seed, 'streams')),
        nextConnection: () => ++this.#connections,
        find,
      },
      diskPrng: new Prng(seedFor(seed, 'disks')),
      diskProfile: () => this.#disk,
      hosts: find,
      describe: options.describe ?? describeMessage,
    };
    this.#injector = new Injector(this, profile.schedule, new Prng(seedFor(seed, 'faults')));
  }

  /** True milliseconds since the start. Hosts' own clocks may differ from it. */
  get nowMs(): number {
    return this.#timeline.nowUs / 1000;
  }

  /** Events that have happened. */
  get events(): number {
    return this.#events;
  }

  /** Trace lines recorded. */
  get recorded(): number {
    return this.#trace.count;
  }

  get profile(): FaultProfile {
    return this.#profile;
  }

  get hosts(): readonly SimulatedHost[] {
    return [...this.#hosts.values()];
  }

  /** The host of that name, made at the first call. The name is its address on the network. */
  host(name: string): SimulatedHost {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;
    assert(this.#hosts.size < limits.hostsMax, `a simulation has at most ${limits.hostsMax} hosts`);
    const host = new SimulatedHost(this.#world, name, this.#hosts.size, this.#profile.clock);
    this.#hosts.set(name, host);
    return host;
  }

  /** Sends a datagram between two hosts: it may be lost, come twice, or late. */
  send(from: string, to: string, message: unknown): void {
    this.#known(from).send(to, message);
  }

  /** Takes the datagrams sent to a host, until it crashes. */
  onMessage(host: string, receive: (message: unknown, from: string) => void): void {
    this.host(host).onMessage(receive);
  }

  /** Something the scenario does later: a client's next request, a fault at a chosen moment. */
  after(delayMs: number, run: () => void): Timer {
    return this.#timeline.at(this.#life, Math.max(0, Math.ceil(delayMs * 1000)), run);
  }

  /** Writes a line into the trace. */
  note(host: string, kind: string, details = ''): void {
    this.#world.recorder.record(host, kind, details);
  }

  /** Calls `check` after every event; it throws when an invariant is broken. */
  afterEachStep(check: () => void): void {
    this.#checks.push(check);
  }

  /**
   * Runs the next event, if it is due within `untilMs`. False when there is none: time is then `untilMs`.
   */
  step(untilMs = Number.POSITIVE_INFINITY): boolean {
    if (!this.#timeline.step(untilMs * 1000)) return false;
    this.#events++;
    for (const check of this.#checks) check();
    return true;
  }

  /** Runs everything due in the next `durationMs`. */
  runFor(durationMs: number): void {
    const untilMs = this.nowMs + durationMs;
    while (this.step(untilMs));
  }

  /** Runs until `condition` holds: true; or for `withinMs`: false. Asked after every event. */
  runUntil(condition: () => boolean, withinMs: number): boolean {
    const untilMs = this.nowMs + withinMs;
    for (;;) {
      if (condition()) return true;
      if (!this.step(untilMs)) return condition();
    }
  }

  /** No packet passes from any of `from` to any of `to`, nor back unless `oneWay`. */
  partition(
    from: readonly string[],
    to: readonly string[],
    options: { readonly oneWay?: boolean } = {},
  ): Partition {
    const ends = [this.#indexes(from), this.#indexes(to)] as const;
    this.note('', 'partition', `${from.join(',')} ${options.oneWay ? '->' : '<->'} ${to.join(',')}`);
    const ways = [this.#links.cut(ends[0], ends[1])];
    if (options.oneWay !== true) ways.push(this.#links.cut(ends[1], ends[0]));
    return {
      mend: () => {
        for (const way of ways) way.mend();
        this.note('', 'mend', `${from.join(',')} ${to.join(',')}`);
      },
    };
  }

  /** What is sent from one host to another waits until then. */
  clog(from: string, to: string, durationMs: number): void {
    const link = this.#links.link(this.#known(from).index, this.#known(to).index);
    link.cloggedUntilUs = Math.max(
      link.cloggedUntilUs,
      this.#timeline.nowUs + Math.ceil(durationMs * 1000),
    );
    this.note('', 'clog', `${from}->${to} ${durationMs} ms`);
  }

  /** Starts the profile's schedule of faults. */
  startFaults(): void {
    this.#injector.start();
  }

  /**
   * The end of all trouble: no new faults, links whole and in order, disks with room, the paused go on and
   * the crashed come back. Clocks stay as wrong as they are, and what is lost is lost.
   */
  heal(): void {
    this.note('', 'heal');
    this.#injector.stop();
    this.#links.heal();
    const network = { ...this.#profile.network, lossChance: 0, duplicateChance: 0, reorderChance: 0 };
    this.#packets.setProfile(network);
    this.#disk = { ...this.#disk, readFailureChance: 0, writeFailureChance: 0, syncFailureChance: 0 };
    this.#profile = { ...this.#profile, network, disk: this.#disk };
    for (const host of this.#hosts.values()) {
      host.setDiskFull(false);
      host.resume();
      if (!host.up) host.restart();
    }
  }

  /** Sixteen hexadecimal digits over everything that has happened: who, when, what. */
  traceHash(): string {
    return this.#trace.hex();
  }

  /** The last trace lines, oldest first, as many as were asked for. */
  transcript(): string[] {
    return this.#trace.transcript();
  }

  #known(name: string): SimulatedHost {
    return must(this.#hosts.get(name), `host ${name}`);
  }

  #indexes(names: readonly string[]): number[] {
    return names.map((name) => this.#known(name).index);
  }
}

export function createSimulation(options: SimulationOptions): Simulation {
  return new Simulation(options);
}
