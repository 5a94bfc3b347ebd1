import type { Done, Faults } from '../../host/index.ts';
import type { Prng } from '../../std/index.ts';
import { limits } from '../limits.ts';
import type { DiskProfile } from '../profile.ts';
import type { Post } from '../stream/wire.ts';
import type { Life, Timeline } from '../timeline.ts';
import type { Recorder } from '../trace.ts';
import type { Holder } from './inode.ts';
import type { Medium, Outcome } from './medium.ts';

export interface DiskOptions {
  readonly medium: Medium;
  readonly timeline: Timeline;
  /** The machine's: an operation goes on when the process that began it is gone. */
  readonly system: Life;
  readonly process: Life;
  readonly post: Post;
  readonly faults: Faults;
  readonly prng: Prng;
  readonly profile: () => DiskProfile;
  readonly host: string;
  readonly recorder: Recorder;
}

/** What an operation does, for the faults that may befall it; `room` is a change that needs some. */
export type Nature = 'read' | 'change' | 'room' | 'sync';

/** Lets operations take their time and effect, fail, and report: what files and the disk have in common. */
export class DiskActions implements Holder {
  readonly medium: Medium;
  readonly prng: Prng;
  readonly #options: DiskOptions;
  #underWay = 0;

  constructor(options: DiskOptions) {
    this.medium = options.medium;
    this.prng = options.prng;
    this.#options = options;
  }

  get copiesOnWrite(): boolean {
    return this.#options.profile().copiesOnWrite;
  }

  /** That are left for files to grow into. */
  get freeBlocks(): number {
    if (this.medium.full) return 0;
    const { roomBytes } = this.#options.profile();
    if (roomBytes === 0) return Number.POSITIVE_INFINITY;
    return Math.max(0, Math.floor(roomBytes / limits.blockBytes) - this.medium.usedBlocks);
  }

  /** As the holder of a lock: an operation goes on when its process has ended, unless the power went too. */
  get state(): Holder['state'] {
    if (this.#options.process.alive) return 'alive';
    return this.#underWay > 0 && this.#options.system.alive ? 'dying' : 'gone';
  }

  /**
   * `effect` happens after the disk's latency, unless the power is cut before. `spoil` is what happens in
   * its stead when it fails: some part of it, or nothing.
   */
  act<T>(
    what: string,
    nature: Nature,
    effect: () => Outcome<T>,
    done: Done<T>,
    spoil: () => void = () => {},
  ): void {
    const { timeline, system, process, medium, post, recorder, host } = this.#options;
    if (!process.alive) return;
    const drill = this.#options.faults.disk();
    const full = nature === 'room' && drill?.full === true;
    let outcome: Outcome<T> | undefined;
    const takeEffect = (): void => {
      if (full) outcome = { ok: false, failure: { kind: 'full', message: 'The disk is full (fault).' } };
      else if (this.#fails(nature)) {
        spoil();
        medium.failedUs = timeline.nowUs;
        outcome = { ok: false, failure: { kind: 'io', message: 'Input/output error (simulated).' } };
      } else outcome = effect();
    };
    medium.underWay.add(takeEffect);
    this.#underWay++;
    timeline.at(system, this.#latencyUs(drill?.delayMs ?? 0), () => {
      medium.underWay.delete(takeEffect);
      this.#underWay--;
      takeEffect();
      const settled = outcome as Outcome<T>;
      recorder.record(host, 'disk', settled.ok ? what : `${what} ${settled.failure.kind}`);
      post(() => done(settled));
    });
  }

  /** Reports without the disk having been asked. */
  report<T>(done: Done<T>, outcome: Outcome<T>): void {
    this.#options.post(() => done(outcome));
  }

  #latencyUs(delayMs: number): number {
    const { latencyMsMin, latencyMsMax } = this.#options.profile();
    const latencyMs = latencyMsMin + (latencyMsMax - latencyMsMin) * this.prng.fraction();
    return 1 + Math.round((latencyMs + delayMs) * 1000);
  }

  #fails(nature: Nature): boolean {
    const { readFailureChance, writeFailureChance, syncFailureChance } = this.#options.profile();
    const chances = {
      read: readFailureChance,
      change: writeFailureChance,
      room: writeFailureChance,
      sync: syncFailureChance,
    };
    return chances[nature] > 0 && this.prng.chance(chances[nature]);
  }
}
