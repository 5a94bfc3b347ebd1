import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { until } from '../../testing/cluster.ts';
import { Network } from './netns.ts';
import { Replica } from './replica.ts';

const port = 8090;

/** Replicas on machines of their own with cables that can be pulled. */
export class WiredCluster {
  readonly network: Network;
  readonly replicas: readonly Replica[];
  readonly #folder: string;

  /** Resolves when every replica has a link to every other. */
  static async start(size: number): Promise<WiredCluster> {
    const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-kvs-netns-'));
    const network = await Network.create({ folder, machines: size, port });
    const cluster = new WiredCluster(folder, network);
    try {
      await Promise.all(cluster.replicas.map((replica) => replica.start()));
      for (const replica of cluster.replicas) {
        for (const { address } of cluster.others(replica)) {
          await replica.line(new RegExp(`peer up peer=${address} `));
        }
      }
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  private constructor(folder: string, network: Network) {
    this.#folder = folder;
    this.network = network;
    const view = network.machines.map(({ ip }) => `${ip}:${port}`).join(',');
    this.replicas = network.machines.map(
      (machine, index) =>
        new Replica(machine, port, { VIEW: view, DATA_DIR: path.join(folder, String(index)) }),
    );
  }

  others(replica: Replica): readonly Replica[] {
    return this.replicas.filter((each) => each !== replica);
  }

  /** Resolves when every replica covers this. */
  async everywhere(key: string, metadata: unknown): Promise<void> {
    for (const replica of this.replicas) {
      const covers = async () => (await replica.get(key, metadata)).status === 200;
      await until(covers, `${key} is everywhere`);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.close()));
    await this.network.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
