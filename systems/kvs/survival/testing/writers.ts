import net from 'node:net';
import { setTimeout as pass } from 'node:timers/promises';
import { until } from '../../testing/cluster.ts';
import type { Instance, Told } from '../../testing/instance.ts';
import { limits } from './limits.ts';

const againMs = 20;
const pageKeys = 1_000;
/** Of the keys that must be there, every so many is read as well. */
const readEvery = 25;

/**
 * Many connections that do nothing but write keys of their own, each once, as fast as they are answered, and
 * remember which writes were acknowledged. They cost little beside the replicas, so that these are what is
 * loaded.
 */
export class Writers {
  readonly #replicas: readonly Instance[];
  readonly #acknowledged: string[] = [];
  readonly #writers: readonly Promise<void>[];
  readonly #sockets = new Set<net.Socket>();
  #isOver = false;

  constructor(replicas: readonly Instance[], connections: number) {
    this.#replicas = replicas;
    this.#writers = Array.from({ length: connections }, (_, number) => this.#run(number));
  }

  get acknowledged(): number {
    return this.#acknowledged.length;
  }

  /** Resolves when so many more writes are acknowledged; to how many a second that were. */
  async more(writes: number): Promise<number> {
    const [before, beforeMs] = [this.acknowledged, performance.now()];
    const isThere = async (): Promise<boolean> => this.acknowledged >= before + writes;
    await until(isThere, `${writes} more writes`, limits.waitMs);
    return ((this.acknowledged - before) * 1_000) / (performance.now() - beforeMs);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(this.#writers);
  }

  /** What was acknowledged and is not at a replica. */
  async missingAt(replica: Instance): Promise<readonly string[]> {
    const there = await keysOf(replica);
    const missing = this.#acknowledged.filter((key) => !there.has(key));
    for (let at = 0; at < this.#acknowledged.length; at += readEvery) {
      const key = this.#acknowledged[at] as string;
      const told: Told = await replica.ask('GET', `/kvs/${key}`);
      if (told.body.value !== key) missing.push(`${key}: ${told.text}`);
    }
    return missing;
  }

  async #run(number: number): Promise<void> {
    const { port } = this.#replicas[number % this.#replicas.length] as Instance;
    for (let life = 0; !this.#isOver; life++) {
      await this.#write(port, `w${number}.${life}`);
      await pass(againMs);
    }
  }

  /** Over one connection, until it breaks. */
  #write(port: number, name: string): Promise<void> {
    return new Promise((done) => {
      const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
      this.#sockets.add(socket);
      let count = 0;
      const next = (): void => {
        const key = `${name}.${++count}`;
        const body = `{"value":"${key}"}`;
        socket.write(
          `PUT /kvs/${key} HTTP/1.1\r\nHost: kvs\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        );
      };
      let heard = '';
      socket.setEncoding('latin1');
      socket.on('connect', next);
      socket.on('data', (text: string) => {
        heard += text;
        // The end of every answer that is one: the token is its last member.
        if (!heard.endsWith('"}')) return;
        if (heard.startsWith('HTTP/1.1 201 ')) this.#acknowledged.push(`${name}.${count}`);
        heard = '';
        next();
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        done();
      });
    });
  }
}

async function keysOf(replica: Instance): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  let after: string | null = null;
  do {
    const from: string = after === null ? '' : `&after=${encodeURIComponent(after)}`;
    const { body }: Told = await replica.ask('GET', `/kvs?limit=${pageKeys}${from}`);
    for (const key of body.keys as readonly string[]) keys.add(key);
    after = body.next as string | null;
  } while (after !== null);
  return keys;
}
