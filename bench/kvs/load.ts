import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { requireProgram } from '../measure/programs.ts';

const sources = path.join(import.meta.dirname, 'load');
const flags = ['-O2', '-std=c11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror'];

/** How the load program speaks, to whom, and with which options besides. */
export interface Target {
  readonly protocol: 'kvs' | 'etcd-json' | 'etcd-grpc' | 'redis';
  /** `127.0.0.1:8090`; connections are spread evenly over them. */
  readonly addresses: readonly string[];
  /** `--copies 2`, `--causal`, `--lanes 8` */
  readonly options?: readonly string[];
}

export interface Latencies {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface LoadResult {
  readonly operations: number;
  readonly seconds: number;
  /** Of the load program itself, user and system. */
  readonly cpuUs: number;
  /** How often each status came that is no success. */
  readonly errors: Readonly<Record<string, number>>;
  readonly latencyUs: Latencies;
}

export interface VisibilityResult {
  readonly written: number;
  /** Writes that were not made in time: no connection was free. */
  readonly late: number;
  /** Writes that nobody looked for: every reader was busy. */
  readonly unwatched: number;
  /** Writes that the second server did not serve within 5 s. */
  readonly lost: number;
  readonly reads: number;
  readonly seen: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly latencyUs: Latencies;
}

export interface CheckResult {
  readonly checked: number;
  readonly wrong: number;
}

interface Results {
  readonly fill: LoadResult;
  readonly put: LoadResult;
  readonly get: LoadResult;
  readonly check: CheckResult;
  readonly visibility: VisibilityResult;
}

/** The load program, which is written in C, so that it takes little of the machine from the servers. */
export class LoadProgram {
  readonly #file: string;

  private constructor(file: string) {
    this.#file = file;
  }

  /** Compiles it into a folder. Throws an error that says what to install where that cannot be done. */
  static compile(folder: string): LoadProgram {
    if (process.platform !== 'linux') throw new Error('The load program of this bench runs on Linux only.');
    requireProgram('gcc', 'gcc libc6-dev');
    const file = path.join(folder, 'load');
    execFileSync('gcc', [...flags, '-o', file, ...globSync(`${sources}/*.c`)], { stdio: 'inherit' });
    return new LoadProgram(file);
  }

  /** `measuring` is called when it has warmed up and begins to count; what it says itself is on stderr. */
  async run<Plan extends keyof Results>(
    target: Target,
    plan: Plan,
    options: readonly string[] = [],
    measuring: () => void = () => undefined,
  ): Promise<Results[Plan]> {
    const words = [
      target.protocol,
      plan,
      target.addresses.join(','),
      ...(target.options ?? []),
      ...options,
    ];
    const child = spawn(this.#file, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    const ended = once(child, 'close');
    const complaints: string[] = [];
    child.stderr.on('data', (data: Buffer) => complaints.push(data.toString()));
    let last = '';
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === 'measuring') measuring();
      last = line;
    }
    const [code] = (await ended) as [number | null];
    if (code !== 0) throw new Error(`load ${words.join(' ')}: ${complaints.join('').trim()}`);
    return JSON.parse(last) as Results[Plan];
  }
}
