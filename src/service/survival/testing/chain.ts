import path from 'node:path';
import { type Calls, createCalls, fixedDiscovery, instanceAt } from '../../../calls/index.ts';
import { nodeHost } from '../../../host/node/index.ts';
import { must } from '../../../std/index.ts';
import { type Entry, epochMs, Ledger } from './ledger.ts';
import { Program } from './program.ts';
import type { How, Method, Via } from './work-service.ts';

const hopFile = path.join(import.meta.dirname, 'hop.ts');
const registryFile = path.resolve(import.meta.dirname, '../../../servers/registry/main.ts');

/** The services, each calling the next; three instances of each but the first. */
const names = ['a', 'b', 'c', 'd'] as const;
const countOf = (name: string | undefined): string => (name === 'a' ? '1' : '3');

export interface Ask {
  readonly method: Method;
  readonly via: Via;
  readonly how: How;
  readonly timeoutMs: number;
}

/** A -> B -> C -> D, found through a registry, all in processes of their own; and a client of A. */
export class Chain {
  readonly ledger = new Ledger();
  readonly #programs: Program[] = [];
  #calls: Calls | undefined;
  #requests = 0;

  static async start(): Promise<Chain> {
    const chain = new Chain();
    await chain.#start().catch(async (error) => {
      await chain.close();
      throw error;
    });
    return chain;
  }

  async #start(): Promise<void> {
    const registry = this.#run(registryFile, { PORT: '0' });
    const { port } = await registry.heard(({ type, state }) => type === 'state' && state === 'ready');
    const hops = names.map((name, index) => {
      const next = names[index + 1];
      return this.#run(hopFile, {
        NAME: name,
        COUNT: countOf(name),
        NEXT: next ?? '',
        NEXT_COUNT: countOf(next),
        LEDGER: this.ledger.file,
        HOLDFAST_REGISTRY: `http://127.0.0.1:${port}`,
      });
    });
    const [first] = await Promise.all(hops.map((hop) => hop.heard(({ type }) => type === 'ready')));
    const [entrance] = must(first, 'ready A').ports as number[];
    this.#calls = createCalls({
      host: nodeHost({ faultsAllowed: false }),
      discovery: fixedDiscovery({ a: [instanceAt('a', `http://127.0.0.1:${entrance}`)] }),
    });
  }

  #run(file: string, env: Readonly<Record<string, string>>): Program {
    const program = new Program(file, env);
    this.#programs.push(program);
    return program;
  }

  /** One request of the client; how it ended, and when. */
  async ask({ method, via, how, timeoutMs }: Ask) {
    const id = String(++this.#requests);
    const startedAtMs = epochMs();
    const calls = must(this.#calls, 'client');
    const outcome = await calls.request('a', { method, path: `/task/${via}/${how}/${id}`, timeoutMs }).then(
      ({ status }) => ({ status, code: undefined }),
      ({ code }: { readonly code: string }) => ({ status: undefined, code }),
    );
    return { id, ...outcome, startedAtMs, endedAtMs: epochMs() };
  }

  /** What the instances of a service noted of a request, in order. */
  notes(what: Entry['what'], service: string, id: string): Entry[] {
    return this.ledger.entries().filter((entry) => {
      return entry.what === what && entry.id === id && entry.by.startsWith(`${service}-`);
    });
  }

  /** How many requests each service saw of one of the client's. */
  attempts(id: string): Record<(typeof names)[number], number> {
    const [a = 0, b = 0, c = 0, d = 0] = names.map((name) => this.notes('seen', name, id).length);
    return { a, b, c, d };
  }

  async close(): Promise<void> {
    await this.#calls?.close();
    await Promise.all(this.#programs.map((program) => program.kill()));
    this.ledger.remove();
  }
}
