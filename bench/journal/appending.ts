import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nodeHost } from 'holdfast/host/node';
import { type Journal, type JournalEvent, openJournal } from 'holdfast/journal';

export interface Appended {
  readonly perS: number;
  readonly commitsPerS: number;
  /** Of the process, a record. */
  readonly cpuUs: number;
  /** Of the main thread, a record. */
  readonly threadCpuUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const warmUpMs = 200;

/** Closed loop: each appender appends again when its record is durable. */
export async function appendFor(appenders: number, seconds: number, bytes: number): Promise<Appended> {
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-bench-journal-'));
  try {
    let commits = 0;
    const journal = await openIn(folder, (event) => {
      if (event.type === 'committed') commits++;
    });
    const load = new Load(journal, bytes);
    for (let count = 0; count < appenders; count++) load.append();
    await waited(warmUpMs);
    load.latenciesMs.length = 0;
    const startedMs = performance.now();
    const [cpu, threadCpu, commitsBefore] = [process.cpuUsage(), process.threadCpuUsage(), commits];
    await waited(seconds * 1000);
    const elapsedS = (performance.now() - startedMs) / 1000;
    const used = process.cpuUsage(cpu);
    const usedByThread = process.threadCpuUsage(threadCpu);
    const latencies = Float64Array.from(load.latenciesMs).sort();
    const commitsPerS = (commits - commitsBefore) / elapsedS;
    load.stop();
    await new Promise<void>((done) => journal.close(done));
    const records = latencies.length;
    return {
      perS: records / elapsedS,
      commitsPerS,
      cpuUs: (used.user + used.system) / records,
      threadCpuUs: (usedByThread.user + usedByThread.system) / records,
      p50Ms: latencies[Math.floor(records * 0.5)] ?? Number.NaN,
      p99Ms: latencies[Math.floor(records * 0.99)] ?? Number.NaN,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function openIn(
  folder: string,
  observe: (event: JournalEvent) => void,
  record: () => void = () => {},
): Promise<Journal> {
  const { disk, clock } = nodeHost({ faultsAllowed: false });
  const fatal = (failure: { message: string }): void => {
    throw new Error(failure.message);
  };
  return new Promise((settle, reject) => {
    const options = { disk, clock, folder, onDamage: 'stop', fatal, observe } as const;
    openJournal(options, { snapshot: () => {}, record }, (outcome) => {
      if (outcome.ok) settle(outcome.journal);
      else reject(new Error(outcome.failure.message));
    });
  });
}

class Load {
  readonly latenciesMs: number[] = [];
  readonly #journal: Journal;
  readonly #record: Uint8Array;
  #stopped = false;

  constructor(journal: Journal, bytes: number) {
    this.#journal = journal;
    this.#record = new Uint8Array(bytes).fill(7);
  }

  append(): void {
    if (this.#stopped) return;
    const startedMs = performance.now();
    const accepted = this.#journal.append(this.#record, () => {
      this.latenciesMs.push(performance.now() - startedMs);
      this.append();
    });
    if (!accepted) setTimeout(() => this.append(), 1);
  }

  stop(): void {
    this.#stopped = true;
  }
}

function waited(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
