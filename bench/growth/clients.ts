import { decodeToken, type StoreAnswer } from 'holdfast/causal-store';
import { assert, must, Prng } from 'holdfast/std';
import type { Cluster } from './cluster.ts';

export interface ClientsOptions {
  readonly cluster: Cluster;
  readonly clients: number;
  readonly seed: number;
  /** Of all clients together, whatever their number. */
  readonly requestsPerS: number;
  /** Share of the requests of a client that writes; every other client only reads. */
  readonly writeShare: number;
  readonly keys: number;
  readonly valueCharacters: number;
  /** How many disks a write waits for. */
  readonly copies: number;
}

/** One client: it carries its token from each answer to its next request, at whatever replica. */
interface Client {
  token: string;
  /** Where its request is under way. */
  askedAt: number | undefined;
  /** Answers to earlier requests, given up since, no longer count. */
  request: number;
}

/** What clients have seen. */
export class Observations {
  readonly tokenBytes: number[] = [];
  tokenEntriesMax = 0;
  reads = 0;
  writes = 0;
  /** Requests whose token was not covered in time, or that were refused. */
  failures = 0;
}

/**
 * Sessions that come at a fixed rate in all, each request from a random client to a random replica that is
 * up. What is between clients and replicas takes no time: it is not what is measured.
 */
export class Clients {
  observations = new Observations();
  readonly #options: ClientsOptions;
  readonly #prng: Prng;
  readonly #clients: Client[];
  readonly #value: string;
  #isOver = false;

  constructor(options: ClientsOptions) {
    this.#options = options;
    this.#prng = new Prng(options.seed);
    this.#clients = Array.from({ length: options.clients }, () => ({
      token: '',
      askedAt: undefined,
      request: 0,
    }));
    this.#value = JSON.stringify('v'.repeat(options.valueCharacters));
    this.#later();
  }

  stop(): void {
    this.#isOver = true;
  }

  /** Requests under way at a replica that has crashed are given up: the client goes on elsewhere. */
  giveUpAt(replica: number): void {
    for (const client of this.#clients) {
      if (client.askedAt !== replica) continue;
      client.askedAt = undefined;
      client.request++;
    }
  }

  #later(): void {
    const { cluster, requestsPerS } = this.#options;
    cluster.simulation.after((this.#prng.fraction() * 2_000) / requestsPerS, () => {
      if (this.#isOver) return;
      this.#later();
      this.#act();
    });
  }

  #act(): void {
    const index = this.#idle();
    const client = must(this.#clients[index], 'a client');
    const replica = this.#anyUp();
    const isWrite = index % 2 === 0 && this.#prng.chance(this.#options.writeShare);
    const key = `k${this.#prng.below(this.#options.keys)}`;
    client.askedAt = replica;
    const request = ++client.request;
    const done = (answer: StoreAnswer): void => {
      if (client.request !== request) return;
      client.askedAt = undefined;
      this.#answered(client, answer);
    };
    const store = must(this.#options.cluster.store(replica), 'a store that is up');
    const { token } = client;
    const { copies } = this.#options;
    if (isWrite) store.put({ key, token, value: this.#value, copies }, done);
    else store.get({ key, token }, done);
  }

  #answered(client: Client, answer: StoreAnswer): void {
    const { observations } = this;
    if (!('token' in answer)) {
      observations.failures++;
      return;
    }
    client.token = answer.token;
    if (answer.kind === 'found' || answer.kind === 'absent') observations.reads++;
    else observations.writes++;
    observations.tokenBytes.push(answer.token.length);
    const dots = decodeToken(answer.token, 0);
    assert(dots !== 'unknown', 'a token that the store has given is one of its own');
    observations.tokenEntriesMax = Math.max(observations.tokenEntriesMax, dots.length);
  }

  /** A random one, or the next that waits for no answer. */
  #idle(): number {
    const { length } = this.#clients;
    const start = this.#prng.below(length);
    for (let step = 0; step < length; step++) {
      const index = (start + step) % length;
      if (this.#clients[index]?.askedAt === undefined) return index;
    }
    throw new Error('Every client waits for an answer: the rate is too high for so few.');
  }

  #anyUp(): number {
    const { cluster } = this.#options;
    const start = this.#prng.below(cluster.size);
    for (let step = 0; step < cluster.size; step++) {
      const index = (start + step) % cluster.size;
      if (cluster.store(index) !== undefined) return index;
    }
    throw new Error('No replica is up.');
  }
}
