import type { StoreAnswer } from 'holdfast/causal-store';
import type { CausalHistory, CausalSession } from 'holdfast/checkers';
import type { Simulation } from 'holdfast/simulator';
import type { Kept, SetAside } from './promises.ts';
import type { SimulatedReplica } from './replica.ts';

/** Longer than it takes to exchange all after a cut, and to try again what a disk had no room for. */
const quietMs = 6_000;

/** Within this time a request must have been answered as it should be. */
const patienceMs = 3_000;
/** With small buffers: what is too much for them is exchanged anew, after some seconds. */
const patienceOfSmallMs = 15_000;
const againMs = 100;

export interface AftermathOptions {
  readonly simulation: Simulation;
  readonly replicas: readonly SimulatedReplica[];
  readonly history: CausalHistory;
  /** Then others may lag behind, and a replica be about to take a snapshot: one is asked again. */
  readonly areBuffersSmall: boolean;
  readonly onBroken: (what: string) => void;
}

const key = 'after';

type Told = Extract<StoreAnswer, { readonly token: string }>;

/**
 * What has to work when all is healed and has settled. Writes that were told to be set aside stand in a file.
 * Then each replica takes a write that all disks confirm, and every other one has it at once; at last it is
 * deleted everywhere.
 */
export class Aftermath implements Kept {
  readonly #options: AftermathOptions;
  #phase: 'new' | 'quiet' | 'ready' | 'asking' | 'over' = 'new';
  #token = '';
  setAside: readonly SetAside[] = [];
  isIllegible = false;

  constructor(options: AftermathOptions) {
    this.#options = options;
  }

  /** Goes on, as all has settled. What is still to come; undefined when it is over. */
  lacking(): string | undefined {
    const { simulation } = this.#options;
    if (this.#phase === 'new') {
      this.#phase = 'quiet';
      simulation.after(quietMs, () => {
        this.#phase = 'ready';
      });
    } else if (this.#phase === 'ready') {
      this.#phase = 'asking';
      this.#readSetAside([...this.#options.replicas], []);
    }
    return this.#phase === 'over' ? undefined : `the aftermath is ${this.#phase}`;
  }

  #readSetAside(left: SimulatedReplica[], found: SetAside[]): void {
    const replica = left.pop();
    if (replica === undefined) {
      this.setAside = found;
      this.#writeAt(0);
      return;
    }
    replica.readQuarantine((texts) => {
      const lines = texts.flatMap((text) => text.split('\n').flatMap(setAsideIn));
      if (replica.hasRottenQuarantine) this.isIllegible = true;
      else if (lines.length < replica.quarantined) {
        const { name, quarantined } = replica;
        this.#options.onBroken(
          `what ${name} set aside is lost: of ${quarantined} writes ${lines.length} are in its files`,
        );
      }
      this.#readSetAside(left, [...found, ...lines]);
    });
  }

  #writeAt(index: number): void {
    const { replicas } = this.#options;
    const replica = replicas[index];
    const copies = replicas.length;
    if (replica === undefined) {
      const [first] = replicas as [SimulatedReplica];
      this.#ask(
        first,
        'delete',
        (done) => first.store?.delete({ key, token: this.#token, copies }, done),
        () => {
          this.#session.delete(key, 'deleted after');
          this.#readAt(0, undefined, () => {
            this.#phase = 'over';
          });
        },
      );
      return;
    }
    const value = `after ${replica.name}`;
    const put = { key, value: JSON.stringify(value), token: this.#token, copies };
    this.#ask(
      replica,
      'put',
      (done) => replica.store?.put(put, done),
      () => {
        this.#session.put(key, value);
        this.#readAt(0, value, () => this.#writeAt(index + 1));
      },
    );
  }

  #readAt(index: number, value: string | undefined, done: () => void): void {
    const replica = this.#options.replicas[index];
    if (replica === undefined) {
      done();
      return;
    }
    const get = (told: (answer: StoreAnswer) => void) =>
      replica.store?.get({ key, token: this.#token }, told);
    this.#ask(replica, 'get', get, (answer) => {
      const found = answer.kind === 'found' ? (JSON.parse(answer.value) as string) : undefined;
      if (found === undefined) this.#session.absent(key);
      else this.#session.get(key, found);
      if (found === value) this.#readAt(index + 1, value, done);
      else this.#failed(replica, 'get', answer);
    });
  }

  #ask(
    replica: SimulatedReplica,
    what: string,
    ask: (done: (answer: StoreAnswer) => void) => void,
    then: (answer: Told) => void,
  ): void {
    const { simulation, areBuffersSmall } = this.#options;
    let last: StoreAnswer | undefined;
    const late = simulation.after(areBuffersSmall ? patienceOfSmallMs : patienceMs, () =>
      this.#failed(replica, what, last),
    );
    const answered = (answer: StoreAnswer): void => {
      last = answer;
      const isConfirmed = !('isReplicated' in answer) || answer.isReplicated || areBuffersSmall;
      if ('token' in answer && isConfirmed) {
        late.cancel();
        this.#token = answer.token;
        simulation.after(simulation.prng.fraction() * 2, () => then(answer));
      } else if (answer.kind === 'uncovered' && areBuffersSmall) {
        simulation.after(againMs, () => ask(answered));
      } else {
        this.#failed(replica, what, answer);
      }
    };
    ask(answered);
  }

  get #session(): CausalSession {
    return this.#options.history.session(key);
  }

  #failed(replica: SimulatedReplica, what: string, answer: StoreAnswer | undefined): void {
    const told = answer === undefined ? 'nothing' : JSON.stringify(answer);
    this.#options.onBroken(
      `${replica.name} owes an answer, all being healed, and said ${told} to a ${what}`,
    );
  }
}

/** None for a line that a power cut has torn. */
function setAsideIn(line: string): SetAside[] {
  try {
    return [JSON.parse(line) as SetAside];
  } catch {
    return [];
  }
}
