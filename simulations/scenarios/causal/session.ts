import type { StoreAnswer } from 'holdfast/causal-store';
import type { CausalHistory } from 'holdfast/checkers';
import type { Simulation } from 'holdfast/simulator';
import { Duty } from './duty.ts';
import type { Plan } from './plan.ts';
import type { Acknowledged } from './promises.ts';
import type { SimulatedReplica } from './replica.ts';

/** A client that gets no answer gives the request up. */
const patienceMs = 2_000;

/** A client that is told so often in a row to come back later begins anew, as one who has seen nothing. */
const refusalsMax = 40;

export interface SessionOptions {
  readonly simulation: Simulation;
  readonly plan: Plan;
  readonly replicas: readonly SimulatedReplica[];
  readonly history: CausalHistory;
  readonly onAcknowledged: (write: Acknowledged) => void;
  /** Called with what a replica that nothing ails has failed to do. */
  readonly onBreach: (what: string) => void;
  /** Called with each token a client gets, and the one it had. */
  readonly onToken: (before: string, after: string) => void;
  readonly nextValue: () => string;
}

type Operation =
  | { readonly kind: 'put'; readonly key: string; readonly value: string; readonly copies: number }
  | { readonly kind: 'delete'; readonly key: string; readonly id: string; readonly copies: number }
  | { readonly kind: 'get'; readonly key: string };

interface Asked {
  readonly operation: Operation;
  readonly replica: SimulatedReplica;
  /** When the replica answered. */
  readonly atMs: number;
}

/** One client: it does one thing at a time, at one replica or another, and carries its token along. */
export class Session {
  readonly #options: SessionOptions;
  readonly #label: string;
  #generation = 0;
  #token = '';
  #refusals = 0;
  #replica: SimulatedReplica;
  #isOver = false;
  #giveUp = (): void => {};

  constructor(label: string, options: SessionOptions) {
    this.#label = label;
    this.#options = options;
    this.#replica = this.#draw();
    this.#later();
  }

  /** No further requests. */
  stop(): void {
    this.#isOver = true;
  }

  /** What was asked and not answered yet may have taken effect all the same. */
  giveUp(): void {
    this.#giveUp();
  }

  get #id(): string {
    return `${this.#label}.${this.#generation}`;
  }

  #draw(): SimulatedReplica {
    const { replicas, simulation } = this.#options;
    return replicas[simulation.prng.below(replicas.length)] as SimulatedReplica;
  }

  #later(): void {
    const { simulation, plan } = this.#options;
    simulation.after(simulation.prng.fraction() * 2 * plan.thinkMs, () => this.#act());
  }

  #act(): void {
    if (this.#isOver) return;
    const { simulation, plan } = this.#options;
    if (simulation.prng.chance(plan.moveChance)) this.#replica = this.#draw();
    const operation = this.#choose();
    const replica = this.#replica;
    let isSettled = false;
    this.#giveUp = () => settle(undefined);
    // The answer, or the lack of one, settles it: whatever comes first.
    const settle = (answer: StoreAnswer | undefined, atMs = simulation.nowMs): void => {
      if (isSettled) return;
      isSettled = true;
      this.#settle({ operation, replica, atMs }, answer);
      this.#later();
    };
    simulation.after(simulation.prng.fraction() * 2, () => {
      if (isSettled) return;
      const duty = new Duty(replica, operation.kind, this.#token, simulation.nowMs);
      const tell = (answer: StoreAnswer | undefined): void => {
        const breach = isSettled ? undefined : duty.breach(answer);
        if (breach !== undefined) this.#options.onBreach(breach);
      };
      simulation.after(patienceMs, () => {
        tell(undefined);
        settle(undefined);
      });
      // To a replica that is down or stopped the request never gets.
      const { answering } = replica;
      if (answering === undefined) return;
      const done = (answer: StoreAnswer): void => {
        const atMs = simulation.nowMs;
        tell(answer);
        simulation.after(simulation.prng.fraction() * 2, () => settle(answer, atMs));
      };
      const ask = { ...operation, token: this.#token };
      if (ask.kind === 'put') answering.put({ ...ask, value: JSON.stringify(ask.value) }, done);
      else if (ask.kind === 'delete') answering.delete(ask, done);
      else answering.get(ask, done);
    });
  }

  #choose(): Operation {
    const { simulation, plan, nextValue } = this.#options;
    const { prng } = simulation;
    const key = plan.keys[prng.below(plan.keys.length)] as string;
    const copies = 1 + prng.below(plan.copiesMax);
    const die = prng.below(10);
    if (die < plan.puts) return { kind: 'put', key, value: nextValue(), copies };
    if (die < plan.puts + plan.deletes) return { kind: 'delete', key, id: nextValue(), copies };
    return { kind: 'get', key };
  }

  #settle(asked: Asked, answer: StoreAnswer | undefined): void {
    const { operation, replica } = asked;
    const told = answer === undefined ? 'no answer' : answer.kind;
    this.#options.simulation.note(
      this.#id,
      operation.kind,
      `${JSON.stringify(operation)} ${replica.name}: ${told}`,
    );
    if (answer === undefined || answer.kind === 'unsettled') {
      this.#record(operation, 'unknown');
    } else if (answer.kind === 'uncovered' || answer.kind === 'refused') {
      if (++this.#refusals >= refusalsMax) this.#beginAnew();
      return;
    } else {
      this.#refusals = 0;
      this.#options.onToken(this.#token, answer.token);
      this.#token = answer.token;
      this.#recordAnswer(asked, answer);
    }
  }

  #recordAnswer(
    { operation, replica, atMs }: Asked,
    answer: Extract<StoreAnswer, { readonly token: string }>,
  ): void {
    const session = this.#options.history.session(this.#id);
    const { key } = operation;
    if (answer.kind === 'found') session.get(key, JSON.parse(answer.value) as string);
    else if (answer.kind === 'absent') {
      // A delete that found nothing may still have left its mark, if it was overtaken on its way.
      if (operation.kind === 'delete') this.#record(operation, 'unknown');
      session.absent(key);
    } else {
      this.#record(operation, 'acknowledged');
      const asked = operation.kind === 'get' ? 1 : operation.copies;
      const copies = answer.isReplicated ? asked : 1;
      this.#options.onAcknowledged({ token: answer.token, by: replica, copies, atMs });
    }
  }

  #record(operation: Operation, outcome: 'acknowledged' | 'unknown'): void {
    const session = this.#options.history.session(this.#id);
    if (operation.kind === 'put') session.put(operation.key, operation.value, outcome);
    else if (operation.kind === 'delete') session.delete(operation.key, operation.id, outcome);
  }

  #beginAnew(): void {
    this.#generation++;
    this.#refusals = 0;
    this.#token = '';
  }
}
