import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readRegressions } from './regressions.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

function simulate(...args: string[]) {
  const { status, stdout } = spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  return { status, last: stdout.trimEnd().split('\n').at(-1), stdout };
}

describe('the program', () => {
  it('ends with its sum and says by its status whether all is well', { timeout: 120_000 }, () => {
    expect(simulate('--scenario=registry', '--seeds=2')).toMatchObject({
      status: 0,
      last: '1 passed, 0 failed',
    });
    expect(simulate('--scenario=registry-no-renewal', '--seed=1')).toMatchObject({
      status: 1,
      last: '0 passed, 1 failed',
    });
    expect(simulate('--scenario=nothing').status).toBe(2);
    expect(simulate('--help').status).toBe(0);
  });
});

describe('regressions.txt', () => {
  it('can be read, and names scenarios that exist', () => {
    const regressions = readRegressions();
    expect(regressions.get('registry')).toContain(1404);
    for (const name of regressions.keys()) expect(simulate('--help').stdout).toContain(`  ${name} `);
  });
});
