import { decodeToken, openCausalStore, type Write } from 'holdfast/causal-store';
import { CausalHistory, checkCausal, type ReplicaState, ReplicasChecker } from 'holdfast/checkers';
import type { Scenario, Simulation, Subject } from 'holdfast/simulator';
import { must } from 'holdfast/std';
import { Aftermath } from './aftermath.ts';
import { drawFaults } from './faults.ts';
import { loadOpenCausalStore, type Mutant } from './mutants.ts';
import { drawPlan, type Plan } from './plan.ts';
import { Promises } from './promises.ts';
import { port, SimulatedReplica } from './replica.ts';
import { Session } from './session.ts';

/** The states are looked at after so many events; what is applied is checked always. */
const lookEvery = 200;

/**
 * A cluster of three to nine replicas, and clients that move between them, under everything that can go
 * wrong with networks, disks, clocks and processes; now and then an operator removes and adds members. The
 * replicas are those of production, links and journals included. Checked from inside while it runs, and at
 * the end from outside: the history of all clients must be causally consistent, nothing acknowledged may
 * be missing, and when all is healed the replicas must become equal, with nothing left to forget. Replicas
 * that nothing ails answer all the time; in the end all of them do.
 */
export function causalScenario(mutant?: Mutant): Scenario {
  let open = mutant === undefined ? openCausalStore : undefined;
  return {
    name: mutant === undefined ? 'causal' : `causal-${mutant.name}`,
    summary: 'replicas of the causal store and clients that move between them',
    faults: (prng) => {
      // Not within the run: a mutant that cannot be made must not pass for one that was found.
      open ??= mutant === undefined ? openCausalStore : loadOpenCausalStore(mutant);
      return drawFaults(prng);
    },
    safetyMs: 15_000,
    convergenceMs: 90_000,
    run: (simulation) => new CausalSubject(simulation, must(open, 'the store')),
  };
}

class CausalSubject implements Subject {
  readonly #simulation: Simulation;
  readonly #plan: Plan;
  readonly #checker = new ReplicasChecker();
  readonly #history = new CausalHistory();
  readonly #replicas: readonly SimulatedReplica[];
  readonly #sessions: readonly Session[];
  readonly #promises = new Promises();
  readonly #aftermath: Aftermath;
  readonly #removed = new Set<SimulatedReplica>();
  #values = 0;
  #events = 0;
  #problem: string | undefined;
  #isLoaded = true;
  #lacking: string | undefined = 'not looked at yet';

  constructor(simulation: Simulation, open: typeof openCausalStore) {
    this.#simulation = simulation;
    this.#plan = drawPlan(simulation.prng);
    const list = this.#plan.replicas.map((name) => `${name}:${port}`);
    const { buffers } = this.#plan;
    const onWrite = (write: Write): void => this.#promises.applied(write);
    const shared = { simulation, list, checker: this.#checker, open, buffers, onWrite };
    this.#replicas = this.#plan.replicas.map(
      (name) => new SimulatedReplica({ ...shared, machine: simulation.host(name) }),
    );
    this.#sessions = Array.from(
      { length: this.#plan.sessions },
      (_, index) =>
        new Session(`c${index + 1}`, {
          simulation,
          plan: this.#plan,
          replicas: this.#replicas,
          history: this.#history,
          onAcknowledged: (write) => this.#promises.made(write),
          onBreach: (what) => this.#fail(what),
          onToken: (before, after) => this.#onToken(before, after),
          nextValue: () => `v${++this.#values}`,
        }),
    );
    this.#aftermath = new Aftermath({
      simulation,
      replicas: this.#replicas,
      history: this.#history,
      areBuffersSmall: buffers?.logRecordsMax !== undefined,
      onBroken: (what) => this.#fail(what),
    });
    this.#nowAndThen(this.#plan.viewChangeEveryMs, () => this.#changeView());
    this.#nowAndThen(this.#plan.blackoutEveryMs, () => this.#blackOut());
  }

  invariant(): string | undefined {
    if (++this.#events % lookEvery === 0) this.#checker.look(this.#states());
    return this.#checker.problem ?? this.#problem;
  }

  stopLoad(): void {
    this.#isLoaded = false;
    for (const session of this.#sessions) session.stop();
  }

  unsettled(): string | undefined {
    // Asked after every event: looked at only now and then, as states are.
    if (this.#events % lookEvery === 0) this.#lacking = this.#look() ?? this.#aftermath.lacking();
    return this.#lacking;
  }

  #look(): string | undefined {
    this.#bringBack();
    const states = this.#states();
    const [first] = states;
    if (first === undefined || states.length < this.#replicas.length) return 'a replica is not there';
    for (const { store, name } of this.#replicas) {
      const { table, claims } = store?.replica.ledger.state ?? {};
      const view = store?.view() ?? [];
      if (view.length < this.#replicas.length) return `${name} sees ${view.join(' ')}`;
      if (table === undefined || claims === undefined || table.tombstones > 0) {
        return `${name} has ${table?.tombstones} tombstones`;
      }
    }
    const vector = describe(first);
    for (const state of states) {
      if (describe(state) !== vector)
        return `${first.name} has ${vector}, ${state.name} ${describe(state)}`;
    }
    return undefined;
  }

  verdict(): string | undefined {
    for (const session of this.#sessions) session.giveUp();
    this.#checker.look(this.#states());
    if (this.#checker.problem !== undefined) return this.#checker.problem;
    const [replica] = this.#replicas;
    const state = replica?.store?.replica.ledger.state;
    return this.#promises.broken(state, this.#aftermath) ?? this.#inconsistent();
  }

  #fail(what: string): void {
    this.#problem ??= what;
  }

  #inconsistent(): string | undefined {
    const verdict = checkCausal(this.#history);
    return verdict.ok ? undefined : verdict.violation.lines.join('\n');
  }

  /**
   * Tokens are monotone: who covers the new one covers the old one, by its vector or in effect. A replica
   * that comes back hands in, with a write, those writes it depends on; their own dots may come later.
   */
  #onToken(before: string, after: string): void {
    const older = decodeToken(before, 0);
    const newer = decodeToken(after, 0);
    if (older === 'unknown' || newer === 'unknown') {
      this.#fail('a replica gave a token that it does not know');
      return;
    }
    for (const { store, name } of this.#replicas) {
      const state = store?.replica.ledger.state;
      if (state === undefined || !state.coversAll(newer)) continue;
      if (older.every((dot) => state.covers(dot) || this.#promises.isInEffect(dot, state.table))) continue;
      const [now, then] = [JSON.stringify(newer), JSON.stringify(older)];
      this.#fail(`${name} covers the token ${now}, not ${then} before it`);
    }
  }

  #states(): ReplicaState[] {
    return this.#replicas.flatMap((replica) => replica.state() ?? []);
  }

  #nowAndThen(everyMs: number, strike: () => void): void {
    if (everyMs === 0) return;
    this.#simulation.after(this.#simulation.prng.fraction() * 2 * everyMs, () => {
      if (!this.#isLoaded) return;
      strike();
      this.#nowAndThen(everyMs, strike);
    });
  }

  /** The power of all fails at once: only what is on the disks is left, of nobody's memory anything. */
  #blackOut(): void {
    const { prng } = this.#simulation;
    for (const { name } of this.#replicas) {
      const machine = this.#simulation.host(name);
      machine.crash('power');
      this.#simulation.after(500 * prng.fraction(), () => {
        if (!machine.up) machine.restart();
      });
    }
  }

  #changeView(): void {
    const { prng } = this.#simulation;
    const at = this.#replicas[prng.below(this.#replicas.length)]?.answering;
    const whom = this.#replicas[prng.below(this.#replicas.length)] as SimulatedReplica;
    const present = prng.chance(0.5);
    // More than one at a time would be another story: the others have to be able to say who is gone.
    if (at === undefined || (!present && this.#removed.size > 0 && !this.#removed.has(whom))) return;
    this.#simulation.note(whom.name, present ? 'put-view' : 'delete-view');
    at.changeView(whom.address, present, () => {});
    if (present) return;
    this.#removed.add(whom);
    if (prng.chance(0.5)) this.#cutOff(whom);
  }

  /** Operators remove what they no longer reach; clients may reach it all the same. */
  #cutOff({ name }: SimulatedReplica): void {
    const others = this.#plan.replicas.filter((other) => other !== name);
    const partition = this.#simulation.partition([name], others);
    this.#simulation.after(10_000 * this.#simulation.prng.fraction(), () => partition.mend());
  }

  /** In the end the operator wants all of them, and says so until everybody knows. */
  #bringBack(): void {
    if (this.#removed.size === 0 || this.#simulation.prng.chance(0.9)) return;
    for (const whom of this.#removed) {
      for (const { store } of this.#replicas) store?.changeView(whom.address, true, () => {});
    }
  }
}

function describe({ applied }: ReplicaState): string {
  return [...applied]
    .map(([origin, sequence]) => `${origin.slice(0, 4)}:${sequence}`)
    .sort()
    .join(' ');
}
