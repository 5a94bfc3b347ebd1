import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A process under measurement. It is ready when it prints a line `ready <port>`. */
export interface Child {
  readonly pid: number;
  readonly port: number;
  /** User and system time of the process so far, all its threads, in microseconds. */
  cpuUs(): number;
  /** Resident memory in MiB. */
  memoryMib(): number;
  stop(): Promise<void>;
}

/** Linux counts a process's time in ticks of 10 ms. */
const tickUs = 10_000;

export async function startChild(
  file: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Child> {
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  for await (const line of lines) {
    const match = /^ready (\d+)$/.exec(line);
    if (match === null) continue;
    (child.stdout as NodeJS.ReadableStream).resume();
    return measured(child, Number(match[1]));
  }
  throw new Error(`${file} ended before it was ready.`);
}

export function measured(child: ChildProcess, port: number): Child {
  const pid = child.pid as number;
  return {
    pid,
    port,
    cpuUs: () => cpuUsOf(pid),
    memoryMib: () => memoryMibOf(pid),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

export function cpuUsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name may hold spaces and parentheses; the numbers start behind the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickUs;
}

export function memoryMibOf(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(match?.[1] ?? 0) / 1024;
}
