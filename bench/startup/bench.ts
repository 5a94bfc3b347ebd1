import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { memoryMibOf } from '../measure/child.ts';
import { report, target } from '../measure/report.ts';
import { median } from '../measure/rounds.ts';

const runs = 7;
const holdfast = path.resolve(import.meta.dirname, '../../src/cli/bin.mjs');

interface Run {
  readonly readyMs: number;
  /** MiB by instance. */
  readonly memory: ReadonlyMap<string, number>;
}

/** `holdfast up` of the whole default topology, from its start to the line that says all is ready. */
export async function benchStartup(): Promise<void> {
  const bare = await bareNodeMib();
  await startOnce();
  const all: Run[] = [];
  for (let run = 1; run <= runs; run++) {
    const each = await startOnce();
    all.push(each);
    console.log(`run ${run}: ready after ${each.readyMs.toFixed(0)} ms`);
  }
  write(all, bare);
}

async function startOnce(): Promise<Run> {
  const data = mkdtempSync(path.join(tmpdir(), 'holdfast-bench-startup-'));
  const startedAtMs = performance.now();
  const up = spawn(process.execPath, [holdfast, '--data', data, 'up'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await line(up, /^All \d+ are ready/);
    const readyMs = performance.now() - startedAtMs;
    const listed = execFileSync(process.execPath, [holdfast, '--data', data, 'ps', '--json'], {
      encoding: 'utf8',
    });
    const processes = JSON.parse(listed) as { instance: string; pid: number }[];
    const memory = new Map(processes.map(({ instance, pid }) => [instance, memoryMibOf(pid)]));
    memory.set('up itself', memoryMibOf(up.pid as number));
    return { readyMs, memory };
  } finally {
    up.kill('SIGTERM');
    if (up.exitCode === null) await once(up, 'exit');
    rmSync(data, { recursive: true, force: true });
  }
}

async function line(child: ChildProcess, pattern: RegExp): Promise<void> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const seen: string[] = [];
  for await (const each of lines) {
    seen.push(each);
    if (!pattern.test(each)) continue;
    (child.stdout as NodeJS.ReadableStream).resume();
    return;
  }
  throw new Error(`It ended before it was ready:\n${seen.join('\n')}`);
}

async function bareNodeMib(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'console.log(1); setInterval(() => {}, 1000)'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  const mib = memoryMibOf(child.pid as number);
  child.kill('SIGKILL');
  await once(child, 'exit');
  return mib;
}

function write(all: readonly Run[], bare: number): void {
  const readyMs = all.map((run) => run.readyMs);
  const middle = median(readyMs);
  const instances = [...(all[0] as Run).memory.keys()];
  const memory = instances.map((instance) => ({
    instance,
    mib: median(all.map((run) => run.memory.get(instance) ?? Number.NaN)),
  }));
  const services = memory.filter(({ instance }) => instance !== 'up itself');
  const largest = Math.max(...services.map(({ mib }) => mib));
  report('startup', [
    {
      title: 'From `holdfast up` to all ready',
      lines: [
        `${instances.length - 1} processes: median ${middle.toFixed(0)} ms, ` +
          `least ${Math.min(...readyMs).toFixed(0)} ms, most ${Math.max(...readyMs).toFixed(0)} ms.`,
      ],
    },
    {
      title: 'Resident memory when ready',
      lines: [
        '| | MiB |',
        '|---|---:|',
        ...memory.map(({ instance, mib }) => `| ${instance} | ${mib.toFixed(0)} |`),
        `| bare Node | ${bare.toFixed(0)} |`,
      ],
    },
    {
      title: 'Targets',
      lines: [
        target('all ready in 5 s once installed', middle <= 5_000, `${(middle / 1_000).toFixed(1)} s`),
        target('a service at most 90 MiB', largest <= 90, `${largest.toFixed(0)} MiB at most`),
      ],
    },
    {
      title: 'Method',
      lines: [
        '`npm run bench -- startup`. The default topology at its own ports, a new data folder each time,',
        `one run not counted, ${runs} counted. Time from the start of the command's process to the line of`,
        '`up` that says all are ready. Memory is VmRSS, shared pages of the Node binary included, medians.',
      ],
    },
  ]);
}
