import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

const root = path.resolve(import.meta.dirname, '../../..');

/** A service as a process of its own, with its log. */
export class ServiceProcess {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #news = new EventEmitter();
  port = 0;

  /** Resolves when the service says that it listens. */
  static async start(
    main: string,
    options: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
  ): Promise<ServiceProcess> {
    const started = new ServiceProcess(main, options);
    const listening = await started.line(/listening.*port"?[=:](\d+)/);
    started.port = Number(listening[1]);
    return started;
  }

  constructor(
    main: string,
    options: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
  ) {
    const clean = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !/^(PORT|HOST|CLUSTER_KEY|HOLDFAST_|LOG_|CALL_VIA|SERVICE_)/.test(name),
      ),
    );
    this.#child = spawn(process.execPath, [path.join(root, main), ...(options.args ?? [])], {
      env: { ...clean, PORT: '0', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: stream as NodeJS.ReadableStream }).on('line', (line) => {
        this.lines.push(line);
        this.#news.emit('news');
      });
    }
    this.#child.once('exit', () => this.#news.emit('news'));
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }

  /** The first log line, past or future, that matches. */
  async line(pattern: RegExp, timeoutMs = 10_000): Promise<RegExpExecArray> {
    const signal = AbortSignal.timeout(timeoutMs);
    for (;;) {
      for (const line of this.lines) {
        const match = pattern.exec(line);
        if (match !== null) return match;
      }
      const log = this.lines.slice(-10).join('\n');
      if (this.#child.exitCode !== null) throw new Error(`It ended without a line ${pattern}:\n${log}`);
      await once(this.#news, 'news', { signal }).catch(() => {
        throw new Error(`No line ${pattern} within ${timeoutMs} ms:\n${this.lines.slice(-10).join('\n')}`);
      });
    }
  }

  /** Resolves to the exit code. */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal);
    return this.ended();
  }

  kill(): Promise<number | null> {
    return this.stop('SIGKILL');
  }
}
