import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const root = path.resolve(import.meta.dirname, '../../..');
const bin = path.join(root, 'src/cli/bin.mjs');

/** Bound of every wait; only a broken topology takes that long. */
const waitMs = 30_000;

interface Row {
  readonly instance: string;
  readonly service: string;
  readonly pid: number | null;
  readonly port: number;
}

/** `holdfast up` with two instances of A and of B, on free ports, in a folder of its own. */
export class RunningTopology {
  readonly #folder: string;
  readonly #up: ChildProcess;
  #rows: readonly Row[] = [];
  /** What it said: warnings and errors of all processes. */
  output = '';

  static async start(via: 'http' | 'grpc'): Promise<RunningTopology> {
    const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-echo-'));
    await writeFile(path.join(folder, 'holdfast.config.ts'), configText(via));
    const running = new RunningTopology(folder);
    await running.#ready();
    return running;
  }

  private constructor(folder: string) {
    this.#folder = folder;
    this.#up = spawn(process.execPath, [bin, 'up'], {
      cwd: folder,
      env: { ...cleanEnvironment(), LOG_LEVEL: 'warn' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#up.stdout, this.#up.stderr]) {
      stream?.on('data', (chunk) => {
        this.output += String(chunk);
      });
    }
  }

  /** Base addresses of a service's instances. */
  addressesOf(service: string): string[] {
    return this.#rows
      .filter((row) => row.service === service)
      .map(({ port }) => `http://127.0.0.1:${port}`);
  }

  /** Resolves when every instance is a new process, ready, and known to those who call it. */
  async restart(service: string): Promise<void> {
    await this.run('restart', service);
    const before = this.#rows;
    this.#rows = await this.#list();
    const same = this.#rows.filter(
      (row) => row.service === service && before.some(({ pid }) => pid === row.pid),
    );
    if (same.length > 0) throw new Error(`Not restarted: ${same.map(({ instance }) => instance)}`);
  }

  async stop(): Promise<void> {
    if (this.#up.exitCode === null) {
      this.#up.kill('SIGTERM');
      await once(this.#up, 'exit');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    const signal = AbortSignal.timeout(waitMs);
    while (!/are ready after/.test(this.output)) {
      await once(this.#up.stdout as NodeJS.ReadableStream, 'data', { signal }).catch(() => {
        throw new Error(`Not ready within ${waitMs} ms:\n${this.output}`);
      });
    }
    this.#rows = await this.#list();
  }

  async #list(): Promise<Row[]> {
    return JSON.parse(await this.run('ps', '--json')) as Row[];
  }

  /** Runs a command to its end: what it prints. Rejects when its exit code is not 0. */
  async run(...args: string[]): Promise<string> {
    const options = { cwd: this.#folder, env: cleanEnvironment() };
    return (await promisify(execFile)(process.execPath, [bin, ...args], options)).stdout;
  }
}

function configText(via: 'http' | 'grpc'): string {
  const url = (file: string): string => JSON.stringify(pathToFileURL(path.join(root, file)).href);
  return `
    import { defineConfig } from ${url('src/topology/index.ts')};
    import echo from ${url('systems/echo/system.ts')};
    export default defineConfig({
      systems: [echo],
      services: {
        'echo-a': { instances: 2, port: 0 },
        'echo-b': { instances: 2, port: 0, env: { CALL_VIA: '${via}' } },
      },
      registry: { port: 0 },
      gateway: { port: 0 },
    });
  `;
}

/** Without what would reach the services from outside. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const ours = /^(PORT|HOST|CLUSTER_KEY|HOLDFAST_|LOG_|CALL_VIA|SERVICE_|npm_)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
}
