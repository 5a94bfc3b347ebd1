import { type CausalStore, openCausalStore, type StoreRecord } from 'holdfast/causal-store';
import type { Host } from 'holdfast/host';
import { createSimulation, type Simulation } from 'holdfast/simulator';
import { must } from 'holdfast/std';
import { meteredNetwork } from './metered-network.ts';
import { Traffic } from './traffic.ts';

const port = 8090;
/** How long a crashed replica is away: short enough that its links are not taken for cut. */
const downMs = 100;

export interface ClusterOptions {
  readonly replicas: number;
  readonly seed: number;
  /** Called with each record that a replica is about to apply, its own and others'. */
  readonly onApplying?: ((replica: number, record: StoreRecord) => void) | undefined;
}

/** Replicas of the store on simulated hosts; what their links carry is counted. */
export class Cluster {
  readonly simulation: Simulation;
  readonly traffic = new Traffic();
  readonly #options: ClusterOptions;
  readonly #names: readonly string[];
  readonly #stores: (CausalStore | undefined)[] = [];

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.simulation = createSimulation({ seed: options.seed });
    this.#names = Array.from({ length: options.replicas }, (_, index) => `r${index + 1}`);
    for (const [index, name] of this.#names.entries()) {
      this.simulation.host(name).boot((host) => this.#run(index, host));
    }
  }

  get size(): number {
    return this.#names.length;
  }

  /** Undefined while it is down. */
  store(replica: number): CausalStore | undefined {
    return this.#stores[replica];
  }

  /** Runs until all replicas are up and have applied the same. */
  untilEqual(withinMs = 20_000): void {
    if (this.simulation.runUntil(() => this.#isEqual(), withinMs)) return;
    throw new Error(`The replicas had not applied the same after ${withinMs} ms.`);
  }

  /** Ends a replica's process and starts it again: a new incarnation. */
  restart(replica: number): void {
    const machine = this.simulation.host(must(this.#names[replica], 'a replica'));
    machine.crash('process');
    this.#stores[replica] = undefined;
    this.simulation.after(downMs, () => machine.restart());
  }

  /** Incarnations that a replica knows of: entries of its version vector. */
  get origins(): number {
    return this.#first.replica.ledger.state.applied.size;
  }

  /** What a replica remembers of claims, for each pair of a claimer and an origin. */
  get claimPairs(): number {
    return [...this.#first.replica.ledger.state.claims.entries()].length;
  }

  get #first(): CausalStore {
    return must(this.#stores[0], 'a store that is up');
  }

  #isEqual(): boolean {
    const vectors = this.#stores.map((store) => store?.replica.ledger.state.applied);
    const [first] = vectors;
    if (vectors.length < this.size || first === undefined || first.size < this.size) return false;
    return vectors.every((vector) => {
      if (vector === undefined || vector.size !== first.size) return false;
      for (const [origin, sequence] of vector) if (first.get(origin) !== sequence) return false;
      return true;
    });
  }

  #run(index: number, host: Host): void {
    const { clock, random, disk, faults } = host;
    const network = meteredNetwork(host.network, this.traffic);
    const addresses = this.#names.map((name) => `${name}:${port}`);
    openCausalStore(
      {
        host: { clock, random, disk, faults, network },
        address: must(addresses[index], 'an address'),
        members: addresses,
        folder: '/data',
        segmentBytes: 1024 * 1024,
        fatal: (message) => {
          throw new Error(message);
        },
        watch: {
          applying: (record) => this.#options.onApplying?.(index, record),
          collected: () => {},
        },
      },
      (opened) => {
        if (!opened.ok) throw new Error(opened.message);
        const { store } = opened;
        const address = { host: '0.0.0.0', port };
        network.listen(
          address,
          (connection) => store.accept(connection),
          (outcome) => {
            if (!outcome.ok) throw new Error(outcome.failure.message);
            this.#stores[index] = store;
          },
        );
      },
    );
  }
}
