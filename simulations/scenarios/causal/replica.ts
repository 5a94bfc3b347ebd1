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
import { emptyFolder, filesIn } from './files.ts';

export const port = 8090;

const folder = '/data';

/** A replica that cannot open its disk is started again after a while, as a supervisor would. */
const retryMs = 500;

export interface ReplicaOptions {
  readonly simulation: Simulation;
  readonly machine: SimulatedHost;
  readonly list: readonly string[];
  readonly checker: ReplicasChecker;
  readonly open: typeof openCausalStore;
  readonly buffers: CausalStoreOptions['buffers'];
  /** Called, perhaps more than once, with each write that takes effect. */
  readonly onWrite: (write: Write) => void;
}

/** One replica of the store on its machine, over all its lives. */
export class SimulatedReplica {
  readonly name: string;
  readonly #options: ReplicaOptions;
  #store: CausalStore | undefined;
  /** Reports of damage, of the journal's own files. */
  readonly #found: { readonly file: string; readonly atMs: number }[] = [];
  /** Writes set aside, as told in this life. */
  quarantined = 0;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    this.name = options.machine.name;
    options.machine.boot((host) => {
      this.#store = undefined;
      this.quarantined = 0;
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

  /** Whether it has been so for a while: then it owes an answer to whoever asks. */
  isWellSince(ms: number): boolean {
    return this.#options.machine.ailedMs <= ms;
  }

  /**
   * Whether its disk may have lost what was durable there at that moment: an earlier copy, or an empty disk,
   * took its place, or a start found damage in a file in which something had rotted.
   */
  mayHaveLost(durableMs: number): boolean {
    return this.#options.machine.damages.some((damage) => {
      if (damage.kind === 'replaced') return damage.sinceMs < durableMs && durableMs <= damage.atMs;
      const isIt = (each: { file: string; atMs: number }): boolean =>
        damage.path.endsWith(`/${each.file}`) && each.atMs >= damage.atMs && each.atMs >= durableMs;
      return this.#found.some(isIt);
    });
  }

  /** Hands over the text of all files in which writes were set aside. */
  readQuarantine(done: (texts: readonly string[]) => void): void {
    filesIn(this.#options.machine.disk, folder, 'quarantine-', done);
  }

  /** Whether what was set aside may be illegible there. */
  get hasRottenQuarantine(): boolean {
    return this.#options.machine.damages.some(
      (damage) => damage.kind === 'rot' && damage.path.startsWith(`${folder}/quarantine-`),
    );
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
        folder,
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
          if (event.type === 'damage') {
            this.#found.push({ file: event.damage.file, atMs: simulation.nowMs });
          }
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
          const again = (): void => void host.clock.setTimer(retryMs, () => this.#run(host));
          // What its snapshot held is nowhere else here: the journal is moved away, as is advised.
          if (opened.message.includes('is damaged')) emptyFolder(host.disk, `${folder}/journal`, again);
          else again();
          return;
        }
        this.#store = opened.store;
        // What was durable and not in effect yet when the last life ended is nowhere told.
        for (const write of opened.store.replica.ledger.state.table.writes()) onWrite(write);
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
