import { AsyncLocalStorage } from 'node:async_hooks';
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { untilReal } from '../acceptance/index.ts';
import { nodeHost } from './index.ts';

const entry = new URL('./index.ts', import.meta.url).href;

/** What a process of its own prints, and how long it takes to end by itself. */
function runAlone(body: string): { readonly output: string; readonly tookMs: number } {
  const program = `
    const { nodeHost } = await import(${JSON.stringify(entry)});
    const { clock } = nodeHost({ faultsAllowed: false });
    const startMs = performance.now();
    process.on('exit', () => console.log(Math.round(performance.now() - startMs)));
    ${body}`;
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  const lines = child.stdout.trim().split('\n');
  return { output: lines.slice(0, -1).join(' '), tookMs: Number(lines.at(-1)) };
}

describe('the clock of Node', () => {
  it('shows a wall time off by the injected faults, the monotonic one as it is', () => {
    const { clock, faults } = nodeHost({ faultsAllowed: true });
    const id = faults.inject({ kind: 'clock', offsetMs: 3_600_000 });
    faults.inject({ kind: 'clock', offsetMs: 1000 });
    expect(Math.abs(clock.wallMs() - Date.now() - 3_601_000)).toBeLessThan(1000);
    expect(Math.abs(clock.nowMs() - performance.now())).toBeLessThan(1000);
    faults.heal(id);
    expect(Math.abs(clock.wallMs() - Date.now() - 1000)).toBeLessThan(500);
    faults.healAll();
    expect(Math.abs(clock.wallMs() - Date.now())).toBeLessThan(500);
  });

  it('fires outside the async context of whoever set the timer', async () => {
    const { clock } = nodeHost({ faultsAllowed: false });
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    storage.run('first', () => clock.setTimer(1, () => seen.push(storage.getStore())));
    storage.run('second', () => clock.setTimer(1, () => seen.push(storage.getStore())));
    await untilReal(() => seen.length === 2, 'both fire');
    expect(seen).toEqual([undefined, undefined]);
  });

  it('keeps a process alive for a timer, and not for a cancelled one', () => {
    const cancelled = runAlone('clock.setTimer(60_000, () => {}).cancel();');
    expect(cancelled.tookMs).toBeLessThan(10_000);
    const live = runAlone(`
      clock.setTimer(60_000, () => {}).cancel();
      clock.setTimer(40, () => console.log('fired'));
      clock.setTimer(50_000, () => {}).cancel();`);
    expect(live.output).toBe('fired');
    expect(live.tookMs).toBeGreaterThanOrEqual(40);
    expect(live.tookMs).toBeLessThan(10_000);
  });

  it('goes on firing after a callback has thrown', () => {
    const thrown = runAlone(`
      process.on('uncaughtException', (error) => console.log(error.message));
      clock.setTimer(1, () => { throw new Error('a bug'); });
      clock.setTimer(1, () => console.log('second'));
      clock.setTimer(10, () => console.log('third'));`);
    expect(thrown.output).toBe('a bug second third');
  });
});
