import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { DiskLock, DiskOutcome } from '../disk.ts';
import { nodeHost } from './index.ts';

const { disk } = nodeHost({ faultsAllowed: false });
const hostPath = join(import.meta.dirname, 'index.ts');
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-lock-'));
  path = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A process that takes the lock, says so and lives on. */
async function holder(): Promise<ChildProcess> {
  const program = `
    import { nodeHost } from ${JSON.stringify(hostPath)};
    nodeHost({ faultsAllowed: false }).disk.lock(${JSON.stringify(path)}, (outcome) => {
      console.log(outcome.ok ? 'held' : outcome.failure.message);
    });
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = await once(child.stdout as NodeJS.ReadableStream, 'data');
  expect(String(said)).toBe('held\n');
  return child;
}

function lock(): Promise<DiskOutcome<DiskLock>> {
  return new Promise((settle) => disk.lock(path, settle));
}

it('keeps another process out until its holder is gone, killed or not', async () => {
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    const child = await holder();
    expect(await lock()).toMatchObject({ ok: false, failure: { kind: 'in-use' } });
    child.kill(signal);
    await once(child, 'exit');
    const outcome = await lock();
    if (!outcome.ok) throw new Error(outcome.failure.message);
    await new Promise<void>((done) => outcome.value.release(() => done()));
  }
});
