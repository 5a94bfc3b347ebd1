import { expect, it } from 'vitest';
import {
  describeFailure,
  type FaultKind,
  runSeeds,
  type Scenario,
  type Simulation,
  type Subject,
  swarm,
} from '../simulator/index.ts';
import { Prng } from '../std/index.ts';
import { Ledger } from './testing/ledger.ts';
import { SwarmProcess } from './testing/swarm-process.ts';

const names = ['a', 'b', 'c', 'd'];
const stableMs = 3_000;

const kinds: readonly FaultKind[] = [
  ...(['loss', 'duplication', 'reordering', 'splitting', 'partition', 'clog'] as const),
  ...(['crash', 'power-cut', 'pause', 'clock-offset', 'clock-drift', 'clock-jump'] as const),
];

/** Who dials whom: one side of a pair, the other, or both. */
function diallers(prng: Prng): Map<string, string[]> {
  const peers = new Map<string, string[]>(names.map((name) => [name, []]));
  for (const [index, one] of names.entries()) {
    for (const other of names.slice(index + 1)) {
      const who = prng.below(3);
      if (who !== 1) peers.get(one)?.push(other);
      if (who !== 0) peers.get(other)?.push(one);
    }
  }
  return peers;
}

/** What is lacking for all pairs to have one link, the same on both sides. */
function unlinked(processes: ReadonlyMap<string, SwarmProcess>): string | undefined {
  for (const [index, one] of names.entries()) {
    for (const other of names.slice(index + 1)) {
      const [left, right] = [processes.get(one), processes.get(other)];
      const [here, there] = [left?.link(other)?.peer, right?.link(one)?.peer];
      if (here === undefined || there === undefined) return `${one} and ${other} have no link`;
      if (here.number !== there.number) return `${one} and ${other} disagree about their link`;
      if (here.session !== right?.links.session) return `${one} has a link with a former life of ${other}`;
      if (left?.link(other)?.silent || right?.link(one)?.silent) return `${one} or ${other} is silent`;
    }
  }
  return undefined;
}

class LinkSwarm implements Subject {
  readonly ledger = new Ledger();
  readonly #simulation: Simulation;
  readonly #processes = new Map<string, SwarmProcess>();
  #loading = true;
  #changes = 0;
  #changedMs = 0;

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
    const peers = diallers(simulation.prng);
    for (const name of names) {
      simulation.host(name).boot((host) => {
        const prng = new Prng(simulation.prng.u32());
        const { ledger } = this;
        this.#processes.set(
          name,
          new SwarmProcess({ host, name, ledger, prng, peers: peers.get(name) ?? [] }),
        );
      });
      this.#load(name);
    }
    this.#drill();
  }

  invariant(): string | undefined {
    return this.ledger.problem;
  }

  stopLoad(): void {
    this.#loading = false;
    for (const { host } of this.#processes.values()) host.faults.healAll();
  }

  unsettled(): string | undefined {
    const lack = unlinked(this.#processes);
    if (lack !== undefined) return lack;
    for (const [name, { host, network }] of this.#processes) {
      if (this.ledger.openStreams(host) > 0) return `${name} has open streams`;
      if (network.open !== names.length - 1) return `${name} has ${network.open} connections`;
    }
    if (this.ledger.changes !== this.#changes) {
      this.#changes = this.ledger.changes;
      this.#changedMs = this.#simulation.nowMs;
    }
    const forMs = this.#simulation.nowMs - this.#changedMs;
    return forMs < stableMs ? `All is well for ${forMs} ms only` : undefined;
  }

  #load(name: string): void {
    const { prng } = this.#simulation;
    this.#simulation.after(100 * prng.fraction(), () => {
      if (!this.#loading) return;
      const host = this.#simulation.host(name);
      if (host.up && !host.paused) this.#processes.get(name)?.act();
      this.#load(name);
    });
  }

  /** Faults as a drill injects them, by a link's address. */
  #drill(): void {
    const { prng } = this.#simulation;
    this.#simulation.after(5000 * prng.fraction(), () => {
      if (!this.#loading) return;
      const faults = this.#processes.get(names[prng.below(names.length)] ?? '')?.host.faults;
      const peer = `${names[prng.below(names.length)]}:7000`;
      const id = faults?.inject({
        kind: 'network',
        peer,
        ...(prng.chance(0.5) ? { drop: true } : { delayMs: prng.below(300) }),
      });
      this.#simulation.after(3000 * prng.fraction(), () => id !== undefined && faults?.heal(id));
      this.#drill();
    });
  }
}

const ledgers: Ledger[] = [];
const scenario: Scenario = {
  name: 'links',
  summary: 'four processes with links, messages, requests and streams',
  faults: (prng) => swarm(prng, { kinds, downHostsMax: 2 }),
  safetyMs: 15_000,
  convergenceMs: 40_000,
  run: (simulation) => {
    const subject = new LinkSwarm(simulation);
    ledgers.push(subject.ledger);
    return subject;
  },
};

const { SEED: given } = process.env;

it('keeps its promises whatever goes wrong', { timeout: 400_000 }, () => {
  const { failures } = runSeeds(scenario, {
    firstSeed: given === undefined ? 1 : Number(given),
    seeds: given === undefined ? 50 : 1,
  });
  for (const failure of failures) {
    console.error(describeFailure(failure));
    console.error(`Replay with: SEED=${failure.seed} npm test -- src/link/swarm.test.ts`);
  }
  expect(failures.map(({ seed, message }) => `${seed}: ${message}`)).toEqual([]);
  if (given !== undefined) return;
  const sum = (of: (ledger: Ledger) => number): number =>
    ledgers.reduce((total, ledger) => total + of(ledger), 0);
  expect(sum(({ messages }) => messages)).toBeGreaterThan(100_000);
  expect(sum(({ streams }) => streams)).toBeGreaterThan(1000);
  expect(sum(({ ups }) => ups)).toBeGreaterThan(1000);
  for (const kind of ['answered', 'refused', 'timeout', 'down'] as const) {
    expect(
      sum(({ outcomes }) => outcomes[kind]),
      kind,
    ).toBeGreaterThan(10);
  }
});

it('gives the same trace for the same seed', { timeout: 100_000 }, () => {
  expect(runSeeds(scenario, { firstSeed: 100, seeds: 2, twice: true }).failures).toEqual([]);
});
