import type { Discovery, DiscoveryView, Instance } from 'holdfast/calls';
import type { Prng } from 'holdfast/std';
import { pick } from './plan.ts';

export const service = 'a';
export const port = 80;

/** Nobody listens there: an instance that is listed and refuses connections. */
const deafPort = 81;

/** The registry's list as the caller sees it: instances come, go, drain, are replaced, moved and weighed. */
export class Directory implements Discovery {
  readonly #names: readonly string[];
  readonly #incarnations = new Map<string, number>();
  #listener: ((view: DiscoveryView) => void) | undefined;
  #view: DiscoveryView = { status: 'asking' };

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** For one caller, in its latest life. */
  watch(_service: string, listener: (view: DiscoveryView) => void): () => void {
    this.#listener = listener;
    listener(this.#view);
    return () => {};
  }

  /** A further list, by chance. */
  change(prng: Prng): void {
    const instances: Instance[] = [];
    for (const id of this.#names) {
      if (prng.chance(0.1)) this.#incarnations.set(id, (this.#incarnations.get(id) ?? 0) + 1);
      if (prng.chance(0.12)) continue;
      const state = pick(prng, [
        'ready',
        'ready',
        'ready',
        'ready',
        'ready',
        'draining',
        'starting',
      ] as const);
      const instance = this.#instance(id, state, pick(prng, [1, 1, 1, 1, 0.5, 2, 0]), zoneBy(prng));
      instances.push(prng.chance(0.1) ? { ...instance, port: deafPort } : instance);
    }
    this.#publish({ status: 'known', instances });
  }

  /** Everybody is there for good. */
  settle(prng: Prng): void {
    const instances = this.#names.map((id) => {
      return this.#instance(id, 'ready', pick(prng, [1, 1, 1, 0.5, 2]), zoneBy(prng));
    });
    this.#publish({ status: 'known', instances });
  }

  /** Everybody is there, and all are alike. */
  list(): void {
    const instances = this.#names.map((id) => this.#instance(id, 'ready', 1, 'z1'));
    this.#publish({ status: 'known', instances });
  }

  #publish(view: DiscoveryView): void {
    this.#view = view;
    this.#listener?.(view);
  }

  #instance(id: string, state: Instance['state'], weight: number, zone: string): Instance {
    const incarnation = `i${this.#incarnations.get(id) ?? 0}`;
    return { id, incarnation, host: id, port, state, weight, zone };
  }
}

const zoneBy = (prng: Prng): string => (prng.chance(0.6) ? 'z1' : 'z2');
