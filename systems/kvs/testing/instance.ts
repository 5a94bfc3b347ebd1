import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { request as send } from 'undici';
import { limits } from './limits.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const main = path.join(root, 'systems/kvs/replica/main.ts');

export type Environment = Readonly<Record<string, string>>;

/** An answer: its status, and its body as JSON. */
export interface Told {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: Headers;
  readonly text: string;
}

/** An instance of kvs, a process that can be ended and started again with the same environment. */
export class Instance {
  readonly port: number;
  readonly lines: string[] = [];
  readonly #environment: Environment;
  readonly #news = new EventEmitter();
  #child: ChildProcess | undefined;

  constructor(port: number, environment: Environment) {
    this.port = port;
    this.#environment = environment;
  }

  /** `127.0.0.1:20000`: what the others know it by. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Resolves when it listens; rejects when it ends before. */
  async start(): Promise<this> {
    this.spawn();
    await this.line(/ listening /);
    return this;
  }

  /** Starts the process, and waits for nothing. */
  spawn(): this {
    this.lines.length = 0;
    const ours =
      /^(PORT|HOST|VIEW|SOCKET_|FORWARD|DATA_|CLUSTER_|HOLDFAST_|LOG_|SHARD_|CAUSAL_|ANTI_|NODE_)/;
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
    const env = {
      ...inherited,
      // As `holdfast up` does it: three starts cost little more than one.
      NODE_COMPILE_CACHE: path.join(root, 'node_modules/.cache/holdfast/compiled'),
      HOLDFAST_REGISTRY: 'none',
      HOLDFAST_FAULTS: 'on',
      DATA_DIR: ':memory:',
      HOST: '127.0.0.1',
      PORT: String(this.port),
      ...this.#environment,
    };
    // Through the channel it hears when the test is gone, and ends.
    const stdio = ['ignore', 'pipe', 'pipe', 'ipc'] as const;
    const child = spawn(process.execPath, [main], { env, stdio: [...stdio] });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream as NodeJS.ReadableStream }).on('line', (line) => {
        this.lines.push(line);
        this.#news.emit('news');
      });
    }
    child.once('exit', () => this.#news.emit('news'));
    return this;
  }

  /** The first line of its log that matches, of those since its start from number `from` on. */
  async line(pattern: RegExp, from = 0, timeoutMs: number = limits.startMs): Promise<string> {
    const signal = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const found = this.lines.find((line, at) => at >= from && pattern.test(line));
      if (found !== undefined) return found;
      const told = `a line ${pattern}:\n${this.lines.slice(-10).join('\n')}`;
      if (this.#hasEnded) throw new Error(`It ended without ${told}`);
      await once(this.#news, 'news', { signal }).catch(() => {
        throw new Error(`Not within ${timeoutMs} ms: ${told}`);
      });
    }
  }

  /** Ends it; resolves to its exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#child?.kill(signal);
    return this.ended();
  }

  kill(): Promise<number | null> {
    return this.stop('SIGKILL');
  }

  async ended(): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) return null;
    if (!this.#hasEnded) await once(child, 'exit');
    return child.exitCode;
  }

  /** It stands still, as on a machine that hangs, until it is resumed. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** `body` is sent as JSON unless it is text or bytes already. */
  async ask(
    method: string,
    target: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Told> {
    const isRaw = typeof body === 'string' || body instanceof Uint8Array || body === undefined;
    const response = await request(`http://${this.address}${target}`, {
      method,
      headers,
      body: isRaw ? body : JSON.stringify(body),
    });
    const text = response.text;
    return { ...response, text, body: text === '' ? {} : JSON.parse(text) };
  }

  async inject(fault: unknown): Promise<void> {
    const { status, text } = await this.ask('POST', '/_holdfast/faults', fault);
    if (status !== 201) throw new Error(`The fault was refused: ${text}`);
  }

  async heal(): Promise<void> {
    await this.ask('DELETE', '/_holdfast/faults');
  }

  get #hasEnded(): boolean {
    const child = this.#child;
    return child === undefined || child.exitCode !== null || child.signalCode !== null;
  }
}

/** Any method may carry a body here, which `fetch` does not let a GET do. */
async function request(
  url: string,
  options: {
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | Uint8Array | undefined;
  },
): Promise<Omit<Told, 'body'>> {
  const answer = await send(url, {
    method: options.method as 'GET',
    headers: options.headers,
    body: options.body ?? null,
    signal: AbortSignal.timeout(limits.requestMs),
  });
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers.set(name, String(value));
  }
  return { status: answer.statusCode, headers, text: await answer.body.text() };
}
