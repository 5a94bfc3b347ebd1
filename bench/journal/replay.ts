import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openIn } from './appending.ts';

const records = 1_000_000;
const recordBytes = 150;
const rounds = 7;

export interface Replay {
  readonly records: number;
  /** Each a round. */
  readonly openS: readonly number[];
  /** Of the main thread. */
  readonly cpuS: readonly number[];
  readonly readS: readonly number[];
}

/** Opens a journal with a million records. */
export async function benchReplay(): Promise<Replay> {
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-bench-journal-'));
  try {
    await fill(folder);
    const openS: number[] = [];
    const cpuS: number[] = [];
    const readS: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      const readMs = performance.now();
      for (const name of readdirSync(folder)) readFileSync(path.join(folder, name));
      readS.push((performance.now() - readMs) / 1000);
      const cpu = process.threadCpuUsage();
      const openMs = performance.now();
      let replayed = 0;
      const journal = await openIn(
        folder,
        () => {},
        () => replayed++,
      );
      openS.push((performance.now() - openMs) / 1000);
      const { user, system } = process.threadCpuUsage(cpu);
      cpuS.push((user + system) / 1e6);
      if (replayed !== records) throw new Error(`${replayed} of ${records} records are there.`);
      await new Promise<void>((done) => journal.close(done));
      console.log(`round ${round}: ${replayed} records in ${openS.at(-1)?.toFixed(2)} s`);
    }
    return { records, openS, cpuS, readS };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function fill(folder: string): Promise<void> {
  const journal = await openIn(folder, () => {});
  const record = new Uint8Array(recordBytes).fill(7);
  await new Promise<void>((done) => {
    let durable = 0;
    let appended = 0;
    const told = (): void => {
      if (++durable === records) done();
    };
    const appendMore = (): void => {
      while (appended < records && journal.append(record, told)) appended++;
      if (appended < records) setTimeout(appendMore, 1);
    };
    appendMore();
  });
  await new Promise<void>((done) => journal.close(done));
}
