import { UpstreamDriver } from 'holdfast/calls';
import { calm, type Scenario, type Simulation, type Subject, swarm } from 'holdfast/simulator';
import { must } from 'holdfast/std';
import { Caller } from './caller.ts';
import { Directory } from './directory.ts';
import type { Request } from './exchange.ts';
import { runInstance, type Surroundings } from './instance.ts';
import { loadUpstreamDriver } from './load-mutant.ts';
import type { Mutant } from './mutants.ts';
import { drawPlan, type Plan } from './plan.ts';
import { Blame } from './rules.ts';
import { drawTemper, type Temper, well } from './temper.ts';

/**
 * One caller and two to five instances of a service over a lossy network: instances are slow, busy, broken,
 * silent, well and ill in turns, crash and come back, and the list of them changes. The caller's decisions
 * are those of production: its core and driver, with a transport of one connection an attempt. Some runs
 * have only requests that fail everywhere, or one instance that fails fast, and nothing else.
 *
 * `rules` says what is held: at every step of the core, and in the end when all is well again.
 */
export function callsScenario(mutant?: Mutant): Scenario {
  let Driver: typeof UpstreamDriver | undefined = mutant === undefined ? UpstreamDriver : undefined;
  return {
    name: mutant === undefined ? 'calls' : `calls-${mutant.name}`,
    summary: 'a caller, some instances, everything that may go wrong between them',
    faults: (prng) => {
      // Not within the run: a mutant that cannot be made must not pass for one that was found.
      Driver ??= mutant === undefined ? UpstreamDriver : loadUpstreamDriver(mutant);
      return prng.chance(0.2) ? quiet : swarm(prng, { kinds: faultKinds });
    },
    safetyMs: 14_000,
    convergenceMs: 120_000,
    run: (simulation) => new CallsSubject(simulation, must(Driver, 'driver'), new Blame(mutant?.rule)),
  };
}

/** Only the requests or one instance are at fault. */
const quiet = { ...calm };

const faultKinds = [
  ...(['loss', 'duplication', 'reordering', 'splitting', 'partition', 'clog'] as const),
  ...(['crash', 'power-cut', 'pause', 'clock-offset', 'clock-drift'] as const),
];

class CallsSubject implements Subject, Surroundings {
  readonly prng: Simulation['prng'];
  readonly #simulation: Simulation;
  readonly #blame: Blame;
  readonly #plan: Plan;
  readonly #directory: Directory;
  readonly #tempers = new Map<string, Temper>();
  /** By call: how often it took effect. */
  readonly #executions = new Map<number, number>();
  #caller: Caller | undefined;
  #calls = 0;
  #isWell = false;

  constructor(simulation: Simulation, Driver: typeof UpstreamDriver, blame: Blame) {
    this.prng = simulation.prng;
    this.#simulation = simulation;
    this.#blame = blame;
    this.#plan = drawPlan(simulation.prng, simulation.profile === quiet);
    this.#directory = new Directory(this.#plan.names);
    for (const name of this.#plan.names) {
      this.#changeTemper(name);
      simulation.host(name).boot((host) => runInstance(name, host, this));
    }
    simulation.host('caller').boot((host) => {
      const { prng } = this;
      const nextNumber = (): number => ++this.#calls;
      const directory = this.#directory;
      this.#caller = new Caller({ host, plan: this.#plan, prng, blame, directory, Driver, nextNumber });
      if (this.#isWell) this.#caller.allIsWell();
    });
    if (this.#plan.regime === 'ordinary') simulation.after(prngDelay(simulation), () => this.#changeList());
    else this.#directory.list();
  }

  get poisonResets(): boolean {
    return this.#plan.poisonResets;
  }

  temperOf(name: string): Temper {
    return this.#tempers.get(name) ?? well;
  }

  executed({ number, idempotent }: Request): void {
    const times = (this.#executions.get(number) ?? 0) + 1;
    this.#executions.set(number, times);
    if (times === 1 || idempotent) return;
    this.#blame.broken('repeats', `call ${number}, not idempotent, was executed ${times} times`);
  }

  invariant(): string | undefined {
    const machine = this.#simulation.host('caller');
    if (machine.up) this.#caller?.look(machine.paused);
    return this.#blame.problem;
  }

  stopLoad(): void {
    this.#isWell = true;
    this.#tempers.clear();
    if (this.#plan.regime === 'ordinary') this.#directory.settle(this.prng);
    this.#caller?.allIsWell();
  }

  unsettled(): string | undefined {
    const lacking = this.#caller?.lacking();
    return lacking === undefined ? undefined : lacking.join(': ');
  }

  #changeTemper(name: string): void {
    if (this.#isWell) return;
    this.#tempers.set(name, drawTemper(this.prng, this.#plan, name));
    if (this.#plan.regime !== 'ordinary') return;
    this.#simulation.after(500 + this.prng.below(8_000), () => this.#changeTemper(name));
  }

  #changeList(): void {
    if (this.#isWell) return;
    this.#directory.change(this.prng);
    this.#simulation.after(100 + this.prng.below(4_000), () => this.#changeList());
  }
}

/** At first the service is still being looked up. */
const prngDelay = ({ prng }: Simulation): number => prng.below(300);
