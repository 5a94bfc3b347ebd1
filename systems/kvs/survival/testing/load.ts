import { CausalHistory, checkCausal } from 'holdfast/checkers';
import { expect } from 'vitest';
import { get, until } from '../../testing/cluster.ts';
import type { Instance } from '../../testing/instance.ts';
import { limits } from './limits.ts';
import { LoadSession } from './load-session.ts';

const contested = ['a', 'b', 'c', 'd', 'e'];

/** Clients that read and write without pause, and what must be true of it afterwards. */
export class Load {
  readonly #replicas: readonly Instance[];
  readonly #history = new CausalHistory();
  readonly #kept = new Map<string, string>();
  readonly #sessions: readonly LoadSession[];
  #running: Promise<unknown> = Promise.resolve();

  constructor(replicas: readonly Instance[], sessions: number) {
    this.#replicas = replicas;
    const addresses = replicas.map(({ address }) => address);
    this.#sessions = Array.from({ length: sessions }, (_, number) => {
      const first = number % addresses.length;
      return new LoadSession({
        name: `s${number}`,
        addresses: [...addresses.slice(first), ...addresses.slice(0, first)],
        history: this.#history.session(`s${number}`),
        contested,
        onKept: (key, value) => this.#kept.set(key, value),
      });
    });
  }

  start(): this {
    this.#running = Promise.all(this.#sessions.map((session) => session.run()));
    return this;
  }

  /** Acknowledged writes of keys that are written once. */
  get kept(): number {
    return this.#kept.size;
  }

  get answered(): number {
    return this.#sessions.reduce((sum, { answered }) => sum + answered, 0);
  }

  /** Resolves when so many more have been answered. */
  async more(answers: number): Promise<void> {
    const before = this.answered;
    const isThere = async (): Promise<boolean> => this.answered >= before + answers;
    await until(isThere, `${answers} more answers`, limits.waitMs);
  }

  /** Resolves when every session was answered again since now. */
  async everybody(): Promise<void> {
    const before = this.#sessions.map(({ answered }) => answered);
    const isThere = async (): Promise<boolean> =>
      this.#sessions.every(({ answered }, index) => answered > (before[index] as number));
    await until(isThere, 'every session goes on', limits.waitMs);
  }

  async stop(): Promise<void> {
    for (const session of this.#sessions) session.stop();
    await this.#running;
  }

  /**
   * Every replica comes to cover what every session has seen, has every acknowledged write, and is the same
   * as the others; and what the sessions saw on the way was causally consistent.
   */
  async verify(): Promise<void> {
    for (const replica of this.#replicas) {
      for (const { metadata, name } of this.#sessions) {
        const covers = async (): Promise<boolean> => (await get(replica, 'a', metadata)).status !== 503;
        await until(covers, `${replica.address} has what ${name} saw`, limits.waitMs);
      }
    }
    for (const replica of this.#replicas) {
      const lost: string[] = [];
      await eachOf([...this.#kept], async ([key, value]) => {
        const told = await get(replica, key);
        if (told.body.value !== value) lost.push(`${key}: ${told.status} ${told.text}`);
      });
      expect(lost, `lost at ${replica.address}`).toEqual([]);
    }
    await until(() => this.#isEqual(), 'replicas are equal', limits.waitMs);
    for (const replica of this.#replicas) {
      const final = this.#history.final(replica.address);
      for (const key of contested) {
        const { status, body } = await get(replica, key);
        if (status === 200) final.get(key, body.value as string);
        else final.absent(key);
      }
    }
    expect(checkCausal(this.#history)).toEqual({ ok: true });
  }

  async #isEqual(): Promise<boolean> {
    const states = await Promise.all(
      this.#replicas.map(async (replica) => {
        const told: unknown[] = [];
        for (const key of contested) told.push((await get(replica, key)).body.value ?? null);
        return JSON.stringify(told);
      }),
    );
    return new Set(states).size === 1;
  }
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: limits.readsMax }, worker));
}
