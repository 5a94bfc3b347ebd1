import type { Disk, Host } from '../../host/index.ts';
import type { SimulatedHost, Simulation } from '../../simulator/index.ts';
import { Prng } from '../../std/index.ts';
import { type Damage, type Journal, type JournalEvent, type OpenFailure, openJournal } from '../index.ts';
import { History } from './history.ts';

export interface SubjectOptions {
  readonly simulation: Simulation;
  readonly segmentBytes: number;
  readonly olderSnapshots: 0 | 1;
  /** Whether bytes may rot. */
  readonly rots: boolean;
  /** What is done with the journal each time it is open. */
  readonly work: (journal: Journal, host: Host) => void;
  /** The disk as the journal sees it. */
  readonly disk?: ((disk: Disk) => Disk) | undefined;
}

/** A program that keeps a journal on a simulated host, which may crash, and a memory that does not. */
export class Subject {
  readonly host: SimulatedHost;
  readonly history: History;
  readonly #options: SubjectOptions;
  readonly #prng: Prng;
  /** What went wrong first. */
  problem: string | undefined;
  /** Undefined while it is being opened, or is down. */
  journal: Journal | undefined;
  /** Nothing can be opened any more: what rotted cannot be done without. */
  lost: OpenFailure | undefined;
  /** Reported since it was open last. */
  #damage: Damage[] = [];
  openings = 0;
  snapshots = 0;
  #lives = 0;
  #labels = 0;

  constructor(options: SubjectOptions) {
    this.#options = options;
    this.#prng = new Prng(options.simulation.seed);
    this.history = new History({ rots: options.rots });
    this.host = options.simulation.host('journal');
    this.host.boot((host) => this.#start(host));
  }

  /** Appends one record of some size; false: refused. */
  append(bytesMax: number): boolean {
    const { journal, history } = this;
    if (journal === undefined) return false;
    const life = this.#lives;
    const label = `${life}.${++this.#labels}`;
    const bytes = new TextEncoder().encode(label.padEnd(1 + this.#prng.below(bytesMax), ' '));
    const position = journal.position;
    const accepted = journal.append(bytes, () => {
      if (life !== this.#lives) this.#fault('A record of an earlier life is reported durable.');
      this.#fault(history.reportedDurable(position));
    });
    if (accepted) this.#expect(history.append(label) === position, `${label} has the position ${position}`);
    return accepted;
  }

  snapshot(chunkLabelsMax: number): boolean {
    const { journal, history } = this;
    if (journal === undefined) return false;
    return journal.snapshot(
      (position) => {
        this.#expect(position === history.length, 'a snapshot covers all that was appended');
        const left = [...history.before(position)];
        return () => {
          if (left.length === 0) return undefined;
          return new TextEncoder().encode(left.splice(0, chunkLabelsMax).join('\n'));
        };
      },
      (outcome) => {
        if (outcome.ok) this.snapshots++;
      },
    );
  }

  get settled(): boolean {
    return this.journal !== undefined && this.history.durable === this.history.length;
  }

  #start(host: Host): void {
    const { simulation, segmentBytes, olderSnapshots, work, disk = (same: Disk) => same } = this.#options;
    this.#lives++;
    this.journal = undefined;
    const shown: string[] = [];
    const decoder = new TextDecoder();
    const options = {
      disk: disk(host.disk),
      clock: host.clock,
      folder: 'data/journal',
      onDamage: 'truncate' as const,
      segmentBytes,
      olderSnapshots,
      fatal: () => this.#die(),
      observe: (event: JournalEvent) => {
        if (event.type === 'damage') this.#damage.push(event.damage);
      },
    };
    const replay = {
      snapshot: (chunk: Uint8Array) => shown.push(...decoder.decode(chunk).split('\n')),
      record: (bytes: Uint8Array, position: number) => {
        this.#expect(position === shown.length, `record ${position} follows record ${shown.length - 1}`);
        shown.push(decoder.decode(bytes).trimEnd());
      },
    };
    openJournal(options, replay, (outcome) => {
      if (!outcome.ok) {
        simulation.note(this.host.name, 'not-open', outcome.failure.message);
        if (outcome.failure.kind === 'disk') this.#die();
        else if (outcome.failure.kind === 'damaged' && this.#options.rots) this.lost = outcome.failure;
        else this.#fault(outcome.failure.message);
        return;
      }
      const { journal, recovered } = outcome;
      this.openings++;
      simulation.note(this.host.name, 'open', `${recovered.position} ${recovered.damage.length}`);
      this.#expect(
        shown.length === recovered.position,
        `${shown.length} records are ${recovered.position}`,
      );
      this.#fault(this.history.recovered(shown, this.#damage));
      this.#damage = [];
      this.journal = journal;
      work(journal, host);
    });
  }

  /** As a service that cannot go on: it exits and is started again. */
  #die(): void {
    const { simulation } = this.#options;
    this.journal = undefined;
    simulation.after(0, () => {
      if (this.host.up) this.host.crash('process');
    });
    simulation.after(100, () => {
      if (!this.host.up) this.host.restart();
    });
  }

  #expect(condition: boolean, what: string): void {
    if (!condition) this.#fault(`It does not hold that ${what}.`);
  }

  #fault(problem: string | undefined): void {
    this.problem ??= problem;
  }
}
