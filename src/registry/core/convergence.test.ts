import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Instance } from '../../calls/index.ts';
import { assert, drive } from '../../std/index.ts';
import { limits } from '../limits.ts';
import type { WatchFrame } from '../watch-frame.ts';
import { LeasesCore } from './leases.ts';
import { ViewCore } from './view.ts';
import type { ViewEffect, ViewEvent } from './view-events.ts';

/** What may happen between a registry and a watcher, in any order and number. */
type Happening =
  | { readonly type: 'pass'; readonly ms: number }
  | { readonly type: 'start' | 'stop' | 'kill'; readonly id: string }
  | { readonly type: 'break' | 'cut' | 'mend' | 'restart' | 'lag' | 'flow' };

const id = fc.constantFrom('a-1', 'a-2', 'a-3', 'a-4', 'a-5');
const only = <T extends string>(...types: T[]) => fc.record({ type: fc.constantFrom(...types) });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 9000 }) }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('start' as const), id }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constantFrom('stop' as const, 'kill' as const), id }) },
  { weight: 4, arbitrary: only('break', 'cut', 'mend', 'mend', 'restart', 'lag', 'flow', 'flow') },
);

/**
 * A registry, processes that renew every two seconds, and one watcher. The stream between them keeps its
 * order and loses its tail when it breaks, as TCP does. While `cut`, nobody reaches the registry, which
 * runs on.
 */
class World {
  readonly #view = new ViewCore({ service: 'a', registries: ['r'] });
  readonly #feed = drive<ViewEvent, ViewEffect>(this.#view, (effect) => this.#run(effect));
  readonly #alive = new Map<string, Instance>();
  #nowMs = 0;
  #epoch = 0;
  #registry = new LeasesCore({ epoch: 'e0', nowMs: 0 });
  readonly #seen = new Set<string>();
  #reachable = true;
  #flowing = true;
  #stream: WatchFrame[] | undefined;
  #attempt = 0;
  #wakeMs: number | undefined;
  #lives = 0;

  constructor() {
    this.#feed({ type: 'start', nowMs: 0 });
  }

  do(what: Happening): void {
    switch (what.type) {
      case 'pass':
        for (const untilMs = this.#nowMs + what.ms; this.#nowMs < untilMs; ) this.#moment();
        break;
      case 'start':
        this.#start(what.id);
        break;
      case 'stop':
        this.#withdraw(what.id);
        break;
      case 'kill':
        this.#alive.delete(what.id);
        break;
      case 'lag':
        this.#flowing = false;
        break;
      case 'flow':
        this.#flowing = true;
        break;
      case 'break':
        this.#break();
        break;
      case 'cut':
        this.#reachable = false;
        this.#break();
        break;
      case 'mend':
        this.#reachable = true;
        break;
      case 'restart':
        this.#registry = new LeasesCore({ epoch: `e${++this.#epoch}`, nowMs: this.#nowMs });
        this.#break();
        break;
    }
  }

  /** Everything works again, for long enough. */
  heal(): void {
    this.#reachable = true;
    this.#flowing = true;
    for (let moment = 0; moment < 45_000 / limits.tickMs; moment++) {
      this.#moment();
    }
  }

  #deliver(): void {
    const { length } = this.#stream ?? [];
    for (let count = 0; count < length; count++) {
      const frame = this.#stream?.shift();
      if (frame === undefined) return;
      this.#feed({ type: 'frame', attempt: this.#attempt, nowMs: this.#nowMs, frame });
    }
  }

  get shown(): readonly Instance[] {
    return this.#view.view.status === 'known' ? this.#view.view.instances : [];
  }

  get listed(): readonly Instance[] {
    const all = this.#registry.list('a').map(({ instance }) => instance);
    return all.sort((left, right) => (left.id < right.id ? -1 : 1));
  }

  get alive(): readonly Instance[] {
    return [...this.#alive.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
  }

  /** A quarter of a second. */
  #moment(): void {
    this.#nowMs += limits.tickMs;
    if (this.#nowMs % limits.renewMsMax === 0)
      for (const instance of this.#alive.values()) this.#put(instance);
    for (const effect of this.#registry.step({ type: 'tick', nowMs: this.#nowMs })) {
      if (effect.type === 'broadcast') this.#stream?.push(effect.frame);
    }
    if (this.#wakeMs !== undefined && this.#wakeMs <= this.#nowMs) {
      this.#wakeMs = undefined;
      this.#feed({ type: 'woken', nowMs: this.#nowMs, random: 0.5 });
    }
    if (this.#flowing) this.#deliver();
    this.#check();
  }

  /** What once was shown and lives is shown, and of an id one incarnation. */
  #check(): void {
    const shown = new Set(this.shown.map(({ incarnation }) => incarnation));
    assert(new Set(this.shown.map((one) => one.id)).size === this.shown.length, 'one incarnation of an id');
    for (const { incarnation } of this.alive) {
      assert(shown.has(incarnation) || !this.#seen.has(incarnation), `${incarnation} is not lost`);
      if (shown.has(incarnation)) this.#seen.add(incarnation);
    }
  }

  #start(id: string): void {
    const incarnation = `${String(++this.#lives).padStart(9, '0')}-00000000`;
    const instance: Instance = { id, incarnation, host: 'h', port: 1, state: 'ready', weight: 1 };
    this.#alive.set(id, instance);
    this.#put(instance);
  }

  #put(instance: Instance): void {
    if (!this.#reachable) return;
    const put = { type: 'put', request: 0, service: 'a', leaseMs: limits.leaseMs } as const;
    this.#toRegistry(this.#registry.step({ ...put, nowMs: this.#nowMs, instance }));
  }

  #withdraw(id: string): void {
    const instance = this.#alive.get(id);
    this.#alive.delete(id);
    if (instance === undefined || !this.#reachable) return;
    const { incarnation } = instance;
    const event = {
      type: 'remove',
      request: 0,
      service: 'a',
      id,
      incarnation,
      nowMs: this.#nowMs,
    } as const;
    this.#toRegistry(this.#registry.step(event));
  }

  #toRegistry(effects: ReturnType<LeasesCore['step']>): void {
    for (const effect of effects) if (effect.type === 'broadcast') this.#stream?.push(effect.frame);
  }

  #break(): void {
    if (this.#stream === undefined) return;
    this.#stream = undefined;
    this.#feed({ type: 'failed', attempt: this.#attempt, nowMs: this.#nowMs, random: 0.5, why: 'broken' });
  }

  #run(effect: ViewEffect): void {
    if (effect.type === 'wake') this.#wakeMs = effect.atMs;
    if (effect.type === 'disconnect') this.#stream = undefined;
    if (effect.type !== 'connect') return;
    this.#attempt = effect.attempt;
    if (!this.#reachable) {
      const { attempt } = effect;
      this.#feed({ type: 'failed', attempt, nowMs: this.#nowMs, random: 0.5, why: 'unreachable' });
      return;
    }
    this.#stream = [];
    const watch = {
      type: 'watch',
      watcher: 0,
      service: 'a',
      nowMs: this.#nowMs,
      from: effect.from,
    } as const;
    for (const sent of this.#registry.step(watch)) if (sent.type === 'send') this.#stream.push(sent.frame);
  }
}

describe('a view and a registry, whatever happens between them', () => {
  it('never lose an instance that lives, and agree with the truth once everything works again', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60, size: 'max' }), (happenings) => {
        const world = new World();
        for (const what of happenings) world.do(what);
        world.heal();
        expect(world.shown).toEqual(world.alive);
        expect(world.listed).toEqual(world.alive);
      }),
      { numRuns: 500 },
    );
  });
});
