import path from 'node:path';
import {
  type Calls,
  type CallsEvent,
  createCalls,
  fixedDiscovery,
  type Instance,
  type UpstreamPolicy,
} from '../../../calls/index.ts';
import { nodeHost } from '../../../host/node/index.ts';
import { must } from '../../../std/index.ts';
import { answering, type Behaviour } from './behaviour.ts';
import { epochMs, Ledger } from './ledger.ts';
import { Program } from './program.ts';

const file = path.join(import.meta.dirname, 'instance.ts');

export type TimedEvent = CallsEvent & { readonly atMs: number };

/** One instance: a process that can be killed, stopped, and started again where it was. */
export class InstanceProcess {
  readonly id: string;
  port = 0;
  readonly #ledger: Ledger;
  #behaviour: Behaviour;
  #program: Program | undefined;
  #turn = 0;

  constructor(id: string, ledger: Ledger, behaviour: Behaviour) {
    this.id = id;
    this.#ledger = ledger;
    this.#behaviour = behaviour;
  }

  /** Resolves when it listens: at the port it had before, if it was there before. */
  async start(): Promise<void> {
    const env = {
      ID: this.id,
      LEDGER: this.#ledger.file,
      PORT: String(this.port),
      BEHAVIOUR: JSON.stringify(this.#behaviour),
    };
    this.#program = new Program(file, env);
    this.port = (await this.#program.heard(({ type }) => type === 'listening')).port as number;
  }

  async behave(behaviour: Behaviour): Promise<void> {
    this.#behaviour = behaviour;
    const turn = ++this.#turn;
    this.#running.tell({ turn, behaviour });
    await this.#running.heard((message) => message.type === 'changed' && message.turn === turn);
  }

  /** Its port stays open: the kernel accepts connections, and nobody ever answers. */
  stop(): void {
    this.#running.signal('SIGSTOP');
  }

  goOn(): void {
    this.#running.signal('SIGCONT');
  }

  async kill(): Promise<void> {
    await this.#program?.kill();
  }

  get #running(): Program {
    return must(this.#program, 'running program');
  }
}

/** Instances of one service at fixed addresses, and what they are called through. */
export class Fleet {
  readonly service = 'subject';
  readonly ledger = new Ledger();
  readonly instances: readonly InstanceProcess[];
  /** What `calls` reported, in order. */
  readonly events: TimedEvent[] = [];
  readonly #opened: Calls[] = [];

  static async start(count: number, behaviour: Behaviour = answering(200, 5)): Promise<Fleet> {
    const fleet = new Fleet(count, behaviour);
    await Promise.all(fleet.instances.map((each) => each.start()));
    return fleet;
  }

  private constructor(count: number, behaviour: Behaviour) {
    this.instances = Array.from({ length: count }, (_, index) => {
      return new InstanceProcess(`subject-${index + 1}`, this.ledger, behaviour);
    });
  }

  get first(): InstanceProcess {
    return must(this.instances[0], 'first instance');
  }

  /** New ones, that know nothing yet of the instances. */
  openCalls(policy: UpstreamPolicy = {}): Calls {
    const listed = this.instances.map(({ id, port }): Instance => {
      return { id, incarnation: 'fixed', host: '127.0.0.1', port, state: 'ready', weight: 1 };
    });
    const calls = createCalls({
      host: nodeHost({ faultsAllowed: false }),
      discovery: fixedDiscovery({ [this.service]: listed }),
      policies: { [this.service]: policy },
      observe: (event) => this.events.push({ ...event, atMs: epochMs() }),
    });
    this.#opened.push(calls);
    return calls;
  }

  /** Attempts that ended, wherever they went. */
  attempts(): Extract<TimedEvent, { type: 'attempt-ended' }>[] {
    return this.events.filter((event) => event.type === 'attempt-ended');
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map((calls) => calls.close()));
    await Promise.all(this.instances.map((each) => each.kill()));
    this.ledger.remove();
  }
}
