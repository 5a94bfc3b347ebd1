import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { runs } from '../up/driver/processes.ts';
import type { ProcessRow } from '../up/wire.ts';

/** Real `holdfast` commands over real processes, in a folder of their own with a config of fixtures. */

const bin = fileURLToPath(new URL('../bin.mjs', import.meta.url));
const topology = new URL('../../topology/index.ts', import.meta.url).href;
const fixture = new URL('./fixture-service.ts', import.meta.url).href;

/** Bound of every wait; nothing here takes that long unless it is broken. */
export const waitMs = 20_000;

/**
 * A config of two systems of fixtures on free ports, with a fixture for a registry and a gateway. `services`
 * is TypeScript: the body of the first system's `services`.
 */
export function configText(services: string, rest = ''): string {
  return [
    `import { defineConfig, defineSystem } from '${topology}';`,
    `const main = new URL('${fixture}');`,
    'const pair = defineSystem({',
    "  name: 'pair',",
    "  summary: 'fixtures',",
    `  services: { ${services} },`,
    "  commands: [{ name: 'show', summary: 'shows its context', usage: '<text>', run: async (context) => {",
    "    context.print(JSON.stringify({ ...context, echo: context.addressOf('echo-a') }));",
    '    return context.args.length;',
    '  } }],',
    "  try: ['curl {echo-a}/hello'],",
    '});',
    'export default defineConfig({',
    '  systems: [pair],',
    `  registry: { port: 0, main },`,
    `  gateway: { port: 0, main },`,
    `  ${rest}`,
    '});',
    '',
  ].join('\n');
}

export const twoServices = "'echo-a': { main, port: 0, instances: 2 }, 'echo-b': { main, port: 0 }";

export class TestFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'holdfast-cli-'));
  readonly #started: Cli[] = [];

  constructor(config?: string) {
    if (config !== undefined) this.write('holdfast.config.ts', config);
  }

  get data(): string {
    return join(this.path, '.holdfast');
  }

  write(name: string, text: string): string {
    const file = join(this.path, name);
    writeFileSync(file, text);
    return file;
  }

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Cli {
    const cli = new Cli(args, this.path, env);
    this.#started.push(cli);
    return cli;
  }

  /** Starts `up` and waits for its table. */
  async up(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Cli> {
    const cli = this.start(['up', ...args], env);
    await cli.sees(/are ready after/);
    return cli;
  }

  /** Runs a command to its end. */
  async run(
    ...args: string[]
  ): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
    const cli = this.start(args);
    const { code } = await cli.exit;
    return { code, out: cli.out, err: cli.err };
  }

  async rows(): Promise<ProcessRow[]> {
    return JSON.parse((await this.run('ps', '--json')).out) as ProcessRow[];
  }

  async row(instance: string): Promise<ProcessRow> {
    const found = (await this.rows()).find((row) => row.instance === instance);
    expect(found, instance).toBeDefined();
    return found as ProcessRow;
  }

  /** Pids of all that runs. */
  async pids(): Promise<number[]> {
    return (await this.rows()).flatMap(({ pid }) => pid ?? []);
  }

  async close(): Promise<void> {
    for (const cli of this.#started) cli.child.kill('SIGTERM');
    await Promise.all(this.#started.map(({ exit }) => exit));
    rmSync(this.path, { recursive: true, force: true });
  }
}

export class Cli {
  readonly child: ChildProcess;
  readonly exit: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  out = '';
  err = '';

  constructor(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>) {
    const { PATH = '', HOME = '', NODE_COMPILE_CACHE } = process.env;
    const cache = NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE };
    this.child = spawn(process.execPath, [bin, ...args], {
      cwd,
      env: { PATH, HOME, ...cache, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.child.stdout?.on('data', (chunk) => {
      this.out += String(chunk);
    });
    this.child.stderr?.on('data', (chunk) => {
      this.err += String(chunk);
    });
    this.exit = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve({ code, signal }));
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Resolves once its output holds this. */
  async sees(pattern: RegExp): Promise<void> {
    const startedMs = performance.now();
    while (!pattern.test(this.out + this.err)) {
      if (performance.now() - startedMs > waitMs) {
        throw new Error(`${pattern} is not in the output:\n${this.out}${this.err}`);
      }
      await setTimeout(10);
    }
  }
}

/** Resolves once none of the processes runs; fails when one does after the time. */
export async function gone(pids: readonly number[], timeoutMs: number): Promise<void> {
  expect(pids.length).toBeGreaterThan(0);
  await expect
    .poll(() => pids.filter((pid) => runs(pid)), { timeout: timeoutMs, interval: 10 })
    .toEqual([]);
}
