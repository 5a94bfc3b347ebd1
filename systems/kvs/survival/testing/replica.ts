import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'undici';
import { limits } from './limits.ts';
import type { Machine } from './netns.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const main = path.join(root, 'systems/kvs/replica/main.ts');

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** From asking to the last byte. */
  readonly tookMs: number;
}

/** A replica on a machine of a `Network`: a process that is asked past its cable. */
export class Replica {
  readonly address: string;
  readonly lines: string[] = [];
  readonly #machine: Machine;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #news = new EventEmitter();
  readonly #client: Client;
  #child: ChildProcess | undefined;

  constructor(machine: Machine, port: number, environment: Readonly<Record<string, string>>) {
    this.#machine = machine;
    this.#environment = environment;
    this.address = `${machine.ip}:${port}`;
    this.#client = new Client(`http://${this.address}`, { socketPath: machine.socket });
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    this.lines.length = 0;
    const [program, ...args] = this.#machine.prefix as [string, ...string[]];
    const env = {
      PATH: process.env.PATH ?? '',
      HOLDFAST_REGISTRY: 'none',
      // As `holdfast up` does it: three starts cost little more than one.
      NODE_COMPILE_CACHE: path.join(root, 'node_modules/.cache/holdfast/compiled'),
      SOCKET_ADDRESS: this.address,
      ...this.#environment,
    };
    const child = spawn(program, [...args, process.execPath, main], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        this.#news.emit('news');
      });
    }
    child.once('exit', () => this.#news.emit('news'));
    await this.line(/ listening /);
  }

  /** The first line of its log since its start, past or future, that matches. */
  async line(pattern: RegExp, timeoutMs: number = limits.startMs): Promise<string> {
    const signal = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const found = this.lines.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      const told = `a line ${pattern}:\n${this.lines.slice(-20).join('\n')}`;
      if (this.#hasEnded) throw new Error(`It ended without ${told}`);
      await once(this.#news, 'news', { signal }).catch(() => {
        throw new Error(`Not within ${timeoutMs} ms: ${told}`);
      });
    }
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || this.#hasEnded) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async ask(method: 'GET' | 'PUT' | 'DELETE', target: string, body: unknown): Promise<Answer> {
    const startedMs = performance.now();
    const answer = await this.#client.request({
      method,
      path: target,
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(limits.requestMs),
    });
    const text = await answer.body.text();
    const tookMs = performance.now() - startedMs;
    return { status: answer.statusCode, body: JSON.parse(text), tookMs };
  }

  put(key: string, value: unknown, metadata: unknown = null): Promise<Answer> {
    return this.ask('PUT', `/kvs/${key}`, { value, 'causal-metadata': metadata });
  }

  get(key: string, metadata: unknown = null): Promise<Answer> {
    return this.ask('GET', `/kvs/${key}`, { 'causal-metadata': metadata });
  }

  del(key: string, metadata: unknown = null): Promise<Answer> {
    return this.ask('DELETE', `/kvs/${key}`, { 'causal-metadata': metadata });
  }

  changeView(method: 'PUT' | 'DELETE', address: string): Promise<Answer> {
    return this.ask(method, '/view', { 'socket-address': address });
  }

  async view(): Promise<readonly string[]> {
    return (await this.ask('GET', '/view', {})).body.view as readonly string[];
  }

  async close(): Promise<void> {
    await this.kill();
    await this.#client.destroy();
  }

  get #hasEnded(): boolean {
    const child = this.#child;
    return child === undefined || child.exitCode !== null || child.signalCode !== null;
  }
}

/** What an answer of `/kvs` gives the client to carry on. */
export function metadataOf({ body }: Answer): unknown {
  return body['causal-metadata'];
}
