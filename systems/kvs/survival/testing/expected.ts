import { expect } from 'vitest';
import { type Cluster, del, get, metadataOf, put, until } from '../../testing/cluster.ts';
import type { Instance } from '../../testing/instance.ts';
import { limits } from './limits.ts';

/** One client that goes round the replicas, and what every key must be, by what was acknowledged to it. */
export class Expected {
  readonly #cluster: Cluster;
  readonly #values = new Map<string, unknown>();
  #metadata: unknown = null;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Keys `<prefix>0` and so on get new values. */
  async write(prefix: string, count: number, at: readonly Instance[]): Promise<void> {
    for (let number = 0; number < count; number++) {
      const key = `${prefix}${number}`;
      const value = `${key} ${this.#values.size} ${String(this.#values.get(key) ?? '')}`.slice(0, 100);
      await this.#until(at, number, (replica) => put(replica, key, value, this.#metadata));
      this.#values.set(key, value);
    }
  }

  async delete(prefix: string, count: number, at: readonly Instance[]): Promise<void> {
    for (let number = 0; number < count; number++) {
      const key = `${prefix}${number}`;
      await this.#until(at, number, (replica) => del(replica, key, this.#metadata));
      this.#values.set(key, undefined);
    }
  }

  /** Every replica covers it all in the end, and has each key as it must be. */
  async check(at: readonly Instance[] = this.#cluster.replicas): Promise<void> {
    for (const replica of at) {
      const covers = async () => (await get(replica, 'none', this.#metadata)).status === 404;
      await until(covers, `${replica.address} has caught up`, limits.waitMs);
      const told = new Map<string, unknown>();
      for (const key of this.#values.keys()) told.set(key, (await get(replica, key)).body.value);
      expect(told, replica.address).toEqual(this.#values);
    }
  }

  async #until(
    at: readonly Instance[],
    number: number,
    ask: (replica: Instance) => ReturnType<typeof put>,
  ): Promise<void> {
    const replica = at[number % at.length] as Instance;
    await until(
      async () => {
        const told = await ask(replica);
        if (told.status === 503) return false;
        expect(told.status).toBeLessThan(300);
        this.#metadata = metadataOf(told);
        return true;
      },
      'a write is taken',
      limits.waitMs,
    );
  }
}
