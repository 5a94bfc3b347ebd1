import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeHost } from '../host/node/index.ts';
import { openJournal } from './index.ts';

const program = join(import.meta.dirname, 'testing/appender/main.ts');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-journal-killed-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Lets a process append until it has printed so many numbers, kills it, and returns them all. */
async function appendAndKill(count: number): Promise<number[]> {
  const child = spawn(process.execPath, [program, folder, '16384'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  let lines = 0;
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    printed += text;
    lines += text.split('\n').length - 1;
    if (lines >= count) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return printed.split('\n').slice(0, -1).map(Number);
}

/** The numbers in the journal, from its snapshot and its records. */
function numbersInJournal(): Promise<number[]> {
  const { disk, clock } = nodeHost({ faultsAllowed: false });
  const numbers: number[] = [];
  const take = (bytes: Uint8Array): void => {
    numbers.push(new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0));
  };
  return new Promise((settle, reject) => {
    const fatal = (failure: { message: string }): void => reject(new Error(failure.message));
    // Nothing was torn: the system finished what it had begun.
    const options = { disk, clock, folder, fatal, onDamage: 'stop', segmentBytes: 16384 } as const;
    openJournal(options, { snapshot: take, record: take }, (outcome) => {
      if (outcome.ok) outcome.journal.close(() => settle(numbers));
      else reject(new Error(outcome.failure.message));
    });
  });
}

it('has all that a process called durable before it was killed', { timeout: 60_000 }, async () => {
  let durable = -1;
  for (const count of [1, 100, 500, 50]) {
    const printed = await appendAndKill(count);
    expect(printed[0]).toBeGreaterThan(durable);
    expect(printed).toEqual(Array.from(printed, (_, index) => (printed[0] as number) + index));
    durable = printed.at(-1) as number;
    const kept = await numbersInJournal();
    expect(kept.length).toBeGreaterThan(durable);
    expect(kept).toEqual(Array.from(kept, (_, index) => index));
  }
});
