import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Environment, Instance, type Told } from './instance.ts';
import { limits } from './limits.ts';
import { freePort } from './ports.ts';

/** Metadata that a client carries from answer to request. */
export type Metadata = unknown;

/** Replicas as processes, each with a disk of its own, and what can be done to them. */
export class Cluster {
  readonly replicas: readonly Instance[];
  readonly #folder: string;
  readonly #environment: Environment;
  readonly #joiners: Instance[] = [];

  /** Resolves when every replica hears every other. */
  static async start(size = 3, environment: Environment = {}): Promise<Cluster> {
    const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-kvs-'));
    const ports: number[] = [];
    while (ports.length < size) ports.push(await freePort());
    const cluster = new Cluster(folder, ports, environment);
    try {
      await Promise.all(cluster.replicas.map((each) => each.start()));
      await cluster.whole();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  private constructor(folder: string, ports: readonly number[], environment: Environment) {
    this.#folder = folder;
    this.#environment = environment;
    const view = ports.map((port) => `127.0.0.1:${port}`).join(',');
    this.replicas = ports.map((port) => this.#instance(port, view));
  }

  get addresses(): string[] {
    return this.replicas.map(({ address }) => address);
  }

  at(index: number): Instance {
    const found = this.replicas[index];
    if (found === undefined) throw new Error(`There is no replica ${index}.`);
    return found;
  }

  /** One more, that knows the others and is known to none yet; not started. */
  async joiner(): Promise<Instance> {
    const port = await freePort();
    const view = [...this.addresses, `127.0.0.1:${port}`].join(',');
    const instance = this.#instance(port, view);
    this.#joiners.push(instance);
    return instance;
  }

  /** Its disk is new when it starts the next time. */
  async wipe(replica: Instance): Promise<void> {
    await rm(this.folderOf(replica), { recursive: true });
  }

  folderOf(replica: Instance): string {
    return path.join(this.#folder, String(replica.port));
  }

  /** No byte passes between these two any more. */
  async cut(one: Instance, other: Instance): Promise<void> {
    await Promise.all([
      one.inject({ kind: 'network', peer: other.address, drop: true }),
      other.inject({ kind: 'network', peer: one.address, drop: true }),
    ]);
  }

  /** Cuts one off from all others. */
  async isolate(replica: Instance): Promise<void> {
    const others = this.replicas.filter((each) => each !== replica);
    await Promise.all(others.map((other) => this.cut(replica, other)));
  }

  /** The same, until both sides count the links as cut: nothing is taken over them until they have healed. */
  async isolateForLong(replica: Instance): Promise<void> {
    const others = this.replicas.filter((each) => each !== replica);
    const from = this.replicas.map(({ lines }) => lines.length);
    const cutFrom = (at: Instance, peer: Instance): Promise<string> =>
      at.line(new RegExp(`cut off peer=${peer.address}$`), from[this.replicas.indexOf(at)]);
    await this.isolate(replica);
    await Promise.all(others.flatMap((other) => [cutFrom(other, replica), cutFrom(replica, other)]));
  }

  /** Contact is back everywhere. */
  async heal(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.heal()));
  }

  /** Resolves when every replica has every other in its view; to how long that took, in milliseconds. */
  whole(withinMs?: number): Promise<number> {
    const isWhole = async (): Promise<boolean> => {
      const views = await Promise.all(this.replicas.map(viewOf));
      return views.every((view) => this.addresses.every((address) => view.includes(address)));
    };
    return until(isWhole, 'every replica has all others in its view', withinMs);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.replicas, ...this.#joiners].map((each) => each.kill()));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #instance(port: number, view: string): Instance {
    return new Instance(port, {
      SOCKET_ADDRESS: `127.0.0.1:${port}`,
      VIEW: view,
      DATA_DIR: path.join(this.#folder, String(port)),
      ...this.#environment,
    });
  }
}

export function put(at: Instance, key: string, value: unknown, metadata: Metadata = null): Promise<Told> {
  return at.ask('PUT', pathOf(key), { value, 'causal-metadata': metadata });
}

export function get(at: Instance, key: string, metadata: Metadata = null): Promise<Told> {
  return at.ask('GET', pathOf(key), { 'causal-metadata': metadata });
}

export function del(at: Instance, key: string, metadata: Metadata = null): Promise<Told> {
  return at.ask('DELETE', pathOf(key), { 'causal-metadata': metadata });
}

export async function viewOf(at: Instance): Promise<readonly string[]> {
  return (await at.ask('GET', '/view')).body.view as readonly string[];
}

function pathOf(key: string): string {
  return `/kvs/${encodeURIComponent(key)}`;
}

export function metadataOf({ body }: Told): Metadata {
  return body['causal-metadata'];
}

/** Asks until it holds; resolves to how long that took, in milliseconds. Rejects when it takes too long. */
export async function until(
  holds: () => Promise<boolean>,
  what: string,
  withinMs: number = limits.waitMs,
): Promise<number> {
  const startedMs = performance.now();
  for (;;) {
    if (await holds()) return performance.now() - startedMs;
    if (performance.now() - startedMs > withinMs) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, limits.pollMs));
  }
}
