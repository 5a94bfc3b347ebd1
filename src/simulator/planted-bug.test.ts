import { describe, expect, it } from 'vitest';
import { type Core, drive } from '../std/index.ts';
import { describeFailure, runScenario, runSeeds, type Scenario, type Simulation, swarm } from './index.ts';

/**
 * The canary: a simulator that does not find this bug proves nothing. A primary keeps a set in memory and a
 * backup holds a copy of it. With `hasty` the primary acknowledges an addition before the backup has it,
 * and a crash in between loses what was acknowledged.
 */
type Message =
  | { readonly kind: 'add'; readonly id: number }
  | { readonly kind: 'added'; readonly id: number }
  | { readonly kind: 'copy'; readonly id: number }
  | { readonly kind: 'copied'; readonly id: number }
  | { readonly kind: 'fetch' }
  | { readonly kind: 'state'; readonly ids: readonly number[] };

interface Received {
  readonly message: Message;
  readonly from: string;
}

interface Send {
  readonly to: string;
  readonly message: Message;
}

class Primary implements Core<Received | 'tick', Send> {
  readonly #hasty: boolean;
  /** Undefined until the backup has told what was there before this life. */
  #ids: Set<number> | undefined;
  readonly #unconfirmed = new Map<number, string>();

  constructor(hasty: boolean) {
    this.#hasty = hasty;
  }

  get ids(): ReadonlySet<number> | undefined {
    return this.#ids;
  }

  step(event: Received | 'tick'): readonly Send[] {
    if (event === 'tick') return this.#tick();
    const { message, from } = event;
    if (message.kind === 'state') this.#ids ??= new Set(message.ids);
    if (message.kind === 'add' && this.#ids !== undefined) return this.#add(this.#ids, message.id, from);
    if (message.kind === 'copied') return this.#copied(message.id);
    return [];
  }

  #tick(): readonly Send[] {
    if (this.#ids === undefined) return [{ to: 'backup', message: { kind: 'fetch' } }];
    return [...this.#unconfirmed.keys()].map((id) => ({ to: 'backup', message: { kind: 'copy', id } }));
  }

  #add(ids: Set<number>, id: number, client: string): readonly Send[] {
    const known = ids.has(id) && !this.#unconfirmed.has(id);
    ids.add(id);
    if (known) return [{ to: client, message: { kind: 'added', id } }];
    this.#unconfirmed.set(id, client);
    const copy: Send = { to: 'backup', message: { kind: 'copy', id } };
    return this.#hasty ? [copy, { to: client, message: { kind: 'added', id } }] : [copy];
  }

  #copied(id: number): readonly Send[] {
    const client = this.#unconfirmed.get(id);
    this.#unconfirmed.delete(id);
    return client === undefined ? [] : [{ to: client, message: { kind: 'added', id } }];
  }
}

function bootPrimary(simulation: Simulation, hasty: boolean, onCore: (core: Primary) => void): void {
  simulation.host('primary').boot((host) => {
    const core = new Primary(hasty);
    onCore(core);
    const handle = drive(core, ({ to, message }) => simulation.send('primary', to, message));
    simulation.onMessage('primary', (message, from) => handle({ message: message as Message, from }));
    const tick = (): void => {
      handle('tick');
      host.clock.setTimer(100, tick);
    };
    tick();
  });
}

function startBackup(simulation: Simulation): void {
  const ids = new Set<number>();
  simulation.onMessage('backup', (received, from) => {
    const message = received as Message;
    if (message.kind === 'copy') {
      ids.add(message.id);
      simulation.send('backup', from, { kind: 'copied', id: message.id });
    } else if (message.kind === 'fetch') {
      simulation.send('backup', from, { kind: 'state', ids: [...ids] });
    }
  });
}

function scenario(hasty: boolean): Scenario {
  return {
    name: hasty ? 'hasty-counter' : 'counter',
    summary: 'a set with a copy, added to by one client',
    faults: (prng) => swarm(prng),
    safetyMs: 20_000,
    convergenceMs: 10_000,
    run: (simulation) => {
      let primary: Primary | undefined;
      let stopped = false;
      let lastId = 0;
      const acknowledged = new Set<number>();
      simulation.host('client');
      startBackup(simulation);
      bootPrimary(simulation, hasty, (core) => {
        primary = core;
      });
      simulation.onMessage('client', (message) => {
        const { kind, id } = message as Message & { id: number };
        if (kind === 'added') acknowledged.add(id);
      });
      const load = (): void => {
        if (stopped) return;
        simulation.send('client', 'primary', { kind: 'add', id: ++lastId });
        simulation.after(200 * simulation.prng.fraction(), load);
      };
      load();
      return {
        stopLoad: () => {
          stopped = true;
        },
        unsettled: () => (primary?.ids === undefined ? 'The primary does not know its set.' : undefined),
        verdict: () => {
          const lost = [...acknowledged].filter((id) => primary?.ids?.has(id) !== true);
          return lost.length === 0 ? undefined : `Acknowledged, and lost: ${lost.join(', ')}.`;
        },
      };
    },
  };
}

describe('the planted bug', () => {
  it('is found within a few seeds', () => {
    const { failures, runs } = runSeeds(scenario(true), { seeds: 60 });
    expect(failures.length).toBe(1);
    const [failure] = failures;
    expect(failure?.message).toMatch(/^Acknowledged, and lost: \d+/);
    expect(failure?.seed).toBe(runs);
    expect(failure?.replay).toBe(`npm run sim -- --scenario=hasty-counter --seed=${failure?.seed}`);
    const text = failure === undefined ? '' : describeFailure(failure);
    expect(text).toContain('Acknowledged, and lost');
    expect(text).toContain('Replay: npm run sim');
    // The command shows the very same run.
    const again = runScenario(scenario(true), failure?.seed ?? 0);
    expect(again).toEqual(failure);
  });

  it('is gone in the mended program', () => {
    const { failures, runs, events } = runSeeds(scenario(false), { seeds: 60 });
    expect(failures).toEqual([]);
    expect(runs).toBe(60);
    expect(events).toBeGreaterThan(10_000);
  });

  it('fails for the same seeds whenever it is run, with the same traces', () => {
    const run = (): string[] => {
      const hashes: string[] = [];
      runSeeds(scenario(true), {
        seeds: 20,
        firstSeed: 100,
        failuresMax: 100,
        twice: true,
        onRun: ({ ok, traceHash }) => hashes.push(`${ok} ${traceHash}`),
      });
      return hashes;
    };
    const hashes = run();
    expect(hashes).toEqual(run());
    expect(new Set(hashes).size).toBe(20);
  });
});
