import type { Host } from '../../host/index.ts';
import {
  createSimulation,
  type FaultProfile,
  type Partition,
  type SimulatedHost,
  type Simulation,
} from '../../simulator/index.ts';
import { must } from '../../std/index.ts';
import type { StoreRecord } from '../core/record.ts';
import {
  type CausalStore,
  type CausalStoreOptions,
  openCausalStore,
  type StoreAnswer,
  type ViewAnswer,
} from '../index.ts';

export const port = 8090;

export interface ClusterOptions {
  readonly seed?: number;
  readonly profile?: FaultProfile;
  /** Of every store: what a test wants otherwise than by default. */
  readonly store?: Partial<CausalStoreOptions>;
}

/** What a replica reported. */
export interface ClusterEvent {
  readonly atMs: number;
  readonly host: string;
  readonly type: string;
  readonly [detail: string]: unknown;
}

export function addressOf(name: string): string {
  return `${name}:${port}`;
}

/** Replicas of a store on simulated hosts, linked over the simulated network. */
export class Cluster {
  readonly simulation: Simulation;
  readonly names: readonly string[];
  readonly events: ClusterEvent[] = [];
  /** Called with each record that a replica is about to apply. */
  onApplying: (host: string, record: StoreRecord) => void = () => {};
  readonly #options: ClusterOptions;
  readonly #stores = new Map<string, CausalStore>();
  readonly #ports = new Map<string, number>();

  constructor(size: number, options: ClusterOptions = {}) {
    const { seed = 1, profile } = options;
    this.#options = options;
    this.simulation = createSimulation({ seed, profile });
    this.names = Array.from({ length: size }, (_, index) => `r${index + 1}`);
    for (const name of this.names) this.boot(name);
  }

  /** One whose replicas are linked and have exchanged what they have. */
  static ready(size: number, options: ClusterOptions = {}): Cluster {
    const cluster = new Cluster(size, options);
    cluster.until(() => cluster.names.every((name) => cluster.isUp(name)), 'all are up');
    const knowsAll = (name: string): boolean =>
      cluster.store(name).replica.ledger.state.applied.size === size;
    cluster.until(() => cluster.names.every(knowsAll), 'all know of each other');
    cluster.untilEqual();
    return cluster;
  }

  get nowMs(): number {
    return this.simulation.nowMs;
  }

  boot(name: string, members: readonly string[] = this.names): SimulatedHost {
    const machine = this.simulation.host(name);
    machine.boot((host) => this.#run(name, host, members));
    return machine;
  }

  store(name: string): CausalStore {
    return must(this.#stores.get(name), `the store of ${name}`);
  }

  host(name: string): SimulatedHost {
    return this.simulation.host(name);
  }

  isUp(name: string): boolean {
    return this.#stores.has(name) && this.host(name).up;
  }

  /** Cuts one replica off from all others. */
  isolate(name: string): Partition {
    const others = this.names.filter((other) => other !== name);
    return this.simulation.partition([name], others);
  }

  restart(name: string): void {
    this.#stores.delete(name);
    this.host(name).restart();
    this.until(() => this.isUp(name), `${name} is up again`);
  }

  /** All stop, and start again at another port. */
  moveTo(otherPort: number, meanwhile: () => void = () => {}): void {
    for (const name of this.names) {
      this.#ports.set(name, otherPort);
      this.host(name).crash('power');
    }
    meanwhile();
    for (const name of this.names) {
      this.#stores.delete(name);
      this.host(name).restart();
    }
    this.until(() => this.names.every((name) => this.isUp(name)), 'all are up again');
  }

  /** One loses its power, and starts again after a while at another port. */
  move(name: string, otherPort: number, afterMs: number): void {
    this.host(name).crash('power');
    this.runFor(afterMs);
    this.#ports.set(name, otherPort);
    this.restart(name);
  }

  placeOf(name: string): string {
    return `${name}:${this.#ports.get(name) ?? port}`;
  }

  /** Runs until it holds; fails when it does not within so much virtual time. */
  until(condition: () => boolean, what: string, withinMs = 20_000): void {
    if (!this.simulation.runUntil(condition, withinMs)) {
      throw new Error(`Waited ${withinMs} ms of virtual time in vain: ${what}.`);
    }
  }

  /** Until all replicas, or these, have applied the same, and nothing more is on its way to their disks. */
  untilEqual(names: readonly string[] = this.names): void {
    this.until(() => new Set(names.map((name) => this.vectorOf(name))).size === 1, 'equal vectors');
  }

  runFor(ms: number): void {
    this.simulation.runFor(ms);
  }

  vectorOf(name: string): string {
    const { state } = this.store(name).replica.ledger;
    const entries = [...state.applied].map(([origin, sequence]) => `${origin}:${sequence}`);
    return entries.sort().join(' ');
  }

  tombstonesOf(name: string): number {
    return this.store(name).replica.ledger.state.table.tombstones;
  }

  eventsOf(name: string, type: string): ClusterEvent[] {
    return this.events.filter((event) => event.host === name && event.type === type);
  }

  put(name: string, key: string, value: unknown, token = '', copies?: number): StoreAnswer {
    const text = JSON.stringify(value);
    return this.#ask((done) => this.store(name).put({ key, value: text, token, copies }, done));
  }

  delete(name: string, key: string, token = ''): StoreAnswer {
    return this.#ask((done) => this.store(name).delete({ key, token }, done));
  }

  get(name: string, key: string, token = ''): StoreAnswer {
    return this.#ask((done) => this.store(name).get({ key, token }, done));
  }

  changeView(at: string, whom: string, present: boolean): ViewAnswer {
    return this.#ask((done) => this.store(at).changeView(addressOf(whom), present, done));
  }

  #ask<Answer>(begin: (done: (answer: Answer) => void) => void): Answer {
    let answer: Answer | undefined;
    begin((given) => {
      answer = given;
    });
    this.until(() => answer !== undefined, 'an answer');
    return must(answer, 'the answer');
  }

  #run(name: string, host: Host, members: readonly string[]): void {
    this.#stores.delete(name);
    openCausalStore(
      {
        host,
        address: this.placeOf(name),
        members: members.map((member) => this.placeOf(member)),
        folder: '/data',
        segmentBytes: 64 * 1024,
        fatal: () => this.simulation.after(0, () => this.host(name).crash('process')),
        observe: (event) => {
          this.events.push({ atMs: this.nowMs, host: name, ...event });
          this.simulation.note(name, event.type, JSON.stringify(event));
        },
        watch: { applying: (record) => this.onApplying(name, record), collected: () => {} },
        ...this.#options.store,
      },
      (opened) => {
        if (!opened.ok) throw new Error(opened.message);
        const { store } = opened;
        this.#stores.set(name, store);
        listen(host, store, this.#ports.get(name) ?? port);
      },
    );
  }
}

function listen(host: Host, store: CausalStore, at: number): void {
  host.network.listen(
    { host: '0.0.0.0', port: at },
    (connection) => store.accept(connection),
    (outcome) => {
      if (!outcome.ok) host.clock.setTimer(100, () => listen(host, store, at));
    },
  );
}

/** The token of an answer that has one. */
export function tokenOf(answer: StoreAnswer): string {
  return 'token' in answer ? answer.token : '';
}
