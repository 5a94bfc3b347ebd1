import {
  type CausalStore,
  type CausalStoreOptions,
  type openCausalStore,
  versionOf,
  type Write,
} from 'holdfast/causal-store';
import type { ReplicaState, ReplicasChecker } from 'holdfast/checkers';
import type { Host } from 'holdfast/host';
import { type SimulatedHost, type Simulation, TraceHash } from 'holdfast/simulator';

export const port = 8090;

/** A replica that cannot open its disk is started again after a while, as a supervisor would. */
const retryMs = 500;

export interface ReplicaOptions {
  readonly simulation: Simulation;
  readonly machine: SimulatedHost;
  readonly list: readonly string[];
  readonly checker: ReplicasChecker;
  readonly open: typeof openCausalStore;
  readonly buffers: CausalStoreOptions['buffers'];
  readonly onWrite: (write: Write) => void;
}

/** One replica of the store on its machine, over all its lives. */
export class SimulatedReplica {
  readonly name: string;
  readonly #options: ReplicaOptions;
  #store: CausalStore | undefined;
  quarantined = 0;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.name = options.machine.name;
    options.machine.boot((host) => {
      this.#store = undefined;
      this.#run(host);
    });
  }

  get address(): string {
    return `${this.name}:${port}`;
  }

  /** Undefined while it is down, or still reading its disk. */
  get store(): CausalStore | undefined {
    return this.#options.machine.up ? this.#store : undefined;
  }

  /** Undefined, too, while it is stopped: nobody gets an answer. */
  get answering(): CausalStore | undefined {
    return this.#options.machine.paused ? undefined : this.store;
  }

  state(): ReplicaState | undefined {
    const state = this.store?.replica.ledger.state;
    if (state === undefined) return undefined;
    return {
      name: this.name,
      applied: state.applied,
      covers: (dot) => state.covers(dot),
      version: (key) => {
        const write = state.table.get(key);
        return write?.value === undefined ? undefined : versionOf(write);
      },
      hash: () => hashOf(state.table.writes()),
    };
  }

  #run(host: Host): void {
    const { simulation, machine, list, checker, open, buffers, onWrite } = this.#options;
    const { name } = this;
    open(
      {
        host,
        address: this.address,
        members: list,
        folder: '/data',
        segmentBytes: 32 * 1024,
        buffers,
        fatal: (message) => {
          simulation.note(name, 'fatal', message);
          // Not from within: a crash in the middle of its own event would leave half of it to run.
          simulation.after(0, () => machine.crash('process'));
        },
        observe: (event) => {
          if (event.type === 'committed') return;
          if (event.type === 'quarantined') this.quarantined += event.writes;
          simulation.note(name, event.type, JSON.stringify(event));
        },
        watch: {
          applying: (record, state) => {
            if (record.kind === 'write') onWrite(record);
            checker.applying(
              name,
              { ...record, content: JSON.stringify(Object.entries(record).sort()) },
              state,
            );
          },
          collected: (write) => checker.forgotten({ ...write, version: versionOf(write) }),
        },
      },
      (opened) => {
        if (!opened.ok) {
          simulation.note(name, 'not-opened', opened.message);
          host.clock.setTimer(retryMs, () => this.#run(host));
          return;
        }
        this.#store = opened.store;
        listen(host, opened.store);
      },
    );
  }
}

function listen(host: Host, store: CausalStore): void {
  host.network.listen(
    { host: '0.0.0.0', port },
    (connection) => store.accept(connection),
    (outcome) => {
      if (!outcome.ok) host.clock.setTimer(retryMs, () => listen(host, store));
    },
  );
}

/** Keys and what decides them, tombstones left out: a replica may have forgotten them already. */
function hashOf(
  writes: Iterable<Parameters<typeof versionOf>[0] & { key: string; value: string | undefined }>,
): string {
  const lines: string[] = [];
  for (const write of writes) {
    if (write.value === undefined) continue;
    const { stamp, origin, sequence } = versionOf(write);
    lines.push(`${write.key}=${write.value} ${stamp} ${origin}:${sequence}`);
  }
  const hash = new TraceHash();
  hash.bytes(Buffer.from(lines.sort().join('\n')));
  return hash.hex();
}
