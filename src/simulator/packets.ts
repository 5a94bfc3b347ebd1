import type { Prng } from '../std/index.ts';
import type { Links } from './links.ts';
import type { NetworkProfile } from './profile.ts';
import type { Life, Timeline } from './timeline.ts';
import type { Recorder } from './trace.ts';

/** Where packets start and arrive. */
export interface Station {
  readonly index: number;
  readonly name: string;
  /** What an injected drill fault does to packets between this host and `peer`. */
  disturbance(peer: Station): { readonly delayMs: number; readonly drop: boolean } | undefined;
}

/** From a host to itself: never lost, never out of order. */
const loopbackUs = 20;

/**
 * Carries packets: they take a seeded time, get lost, come twice, overtake one another, wait at a clogged
 * link and are gone at a cut one. Both the datagrams and the byte streams travel here.
 */
export class Packets {
  readonly #timeline: Timeline;
  readonly #world: Life;
  readonly #prng: Prng;
  readonly #links: Links;
  readonly #recorder: Recorder;
  #profile: NetworkProfile;

  constructor(options: {
    readonly timeline: Timeline;
    readonly world: Life;
    readonly prng: Prng;
    readonly links: Links;
    readonly recorder: Recorder;
    readonly profile: NetworkProfile;
  }) {
    this.#timeline = options.timeline;
    this.#world = options.world;
    this.#prng = options.prng;
    this.#links = options.links;
    this.#recorder = options.recorder;
    this.#profile = options.profile;
  }

  get profile(): NetworkProfile {
    return this.#profile;
  }

  setProfile(profile: NetworkProfile): void {
    this.#profile = profile;
  }

  /** `details` says what is in it; `arrive` may be called never, once or twice. */
  send(from: Station, to: Station, details: string, arrive: () => void): void {
    const what = `${from.name}->${to.name} ${details}`;
    if (from === to) {
      this.#arriveAfter(loopbackUs, to, what, arrive);
      return;
    }
    const extraUs = this.#disturbedUs(from, to);
    const link = this.#links.link(from.index, to.index);
    const profile = this.#profile;
    if (link.cuts > 0 || extraUs === undefined) {
      this.#recorder.record(from.name, 'cut', what);
      return;
    }
    if (this.#happens(profile.lossChance)) {
      this.#recorder.record(from.name, 'lost', what);
      return;
    }
    this.#recorder.record(from.name, 'send', what);
    const nowUs = this.#timeline.nowUs;
    let arrivalUs = Math.max(nowUs, link.cloggedUntilUs) + this.#latencyUs() + extraUs;
    if (this.#happens(profile.reorderChance)) {
      arrivalUs += this.#strayUs();
    } else {
      arrivalUs = Math.max(arrivalUs, link.lastArrivalUs);
      link.lastArrivalUs = arrivalUs;
    }
    this.#arriveAfter(arrivalUs - nowUs, to, what, arrive);
    if (this.#happens(profile.duplicateChance)) {
      this.#arriveAfter(arrivalUs - nowUs + this.#strayUs(), to, what, arrive);
    }
  }

  #arriveAfter(delayUs: number, to: Station, what: string, arrive: () => void): void {
    this.#timeline.at(this.#world, delayUs, () => {
      this.#recorder.record(to.name, 'arrive', what);
      arrive();
    });
  }

  /** Undefined: an injected fault drops it. */
  #disturbedUs(from: Station, to: Station): number | undefined {
    const outward = from.disturbance(to);
    const inward = to.disturbance(from);
    if (outward === undefined && inward === undefined) return 0;
    if (outward?.drop === true || inward?.drop === true) return undefined;
    return Math.ceil(((outward?.delayMs ?? 0) + (inward?.delayMs ?? 0)) * 1000);
  }

  #latencyUs(): number {
    const { latencyMsMin, latencyMsMax } = this.#profile;
    return 1 + Math.round((latencyMsMin + (latencyMsMax - latencyMsMin) * this.#prng.fraction()) * 1000);
  }

  #strayUs(): number {
    return this.#prng.below(this.#profile.strayMsMax * 1000 + 1);
  }

  #happens(chance: number): boolean {
    return chance > 0 && this.#prng.chance(chance);
  }
}
