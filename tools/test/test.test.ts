import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const tools = path.resolve(import.meta.dirname, '..');
let root: string;

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-test-'));
  fs.cpSync(path.join(tools, 'test'), path.join(root, 'tools', 'test'), { recursive: true });
  fs.cpSync(path.join(tools, 'test.ts'), path.join(root, 'tools', 'test.ts'));
  fs.rmSync(path.join(root, 'tools', 'test', 'test.test.ts'));
  fs.symlinkSync(path.resolve(tools, '..', 'node_modules'), path.join(root, 'node_modules'), 'junction');
  write('package.json', '{ "type": "module" }');
  write('vitest.config.ts', "export default { test: { include: ['src/**/*.test.ts'] } };");
  write(
    'src/fine.test.ts',
    "import { it } from 'vitest';\nit('works', () => {});\nit('is good', () => {});",
  );
  write('simulations/main.ts', "console.log('scenario a: fine'); console.log('3 passed, 0 failed');");
});

afterEach(() => {
  fs.rmSync(root, { recursive: true, force: true });
});

function write(name: string, text: string): void {
  fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
  fs.writeFileSync(path.join(root, name), text);
}

/** The lines after the output of vitest and the simulation: the remarks and the sum. */
function npmTest(
  args: readonly string[] = [],
  ci = false,
  more: NodeJS.ProcessEnv = {},
): { status: number | null; end: string[]; all: string } {
  const { CI: _, VITEST: __, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/test.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...env, ...(ci ? { CI: 'true' } : {}), ...more },
  });
  const end = stdout.slice(stdout.lastIndexOf('\n\n') + 2).trimEnd();
  return { status, end: end.split('\n'), all: stdout + stderr };
}

describe('npm test', () => {
  it('ends with the sum of tests and scenarios', () => {
    const { status, end, all } = npmTest();
    expect(end).toEqual(['5 passed, 0 failed']);
    expect(all).toContain('scenario a: fine\nSimulation: 3 passed, 0 failed\n');
    expect(status).toBe(0);
  });

  it('runs only the tests it is given', () => {
    write(
      'src/other.test.ts',
      "import { it } from 'vitest';\nit('fails', () => { throw new Error('no'); });",
    );
    expect(npmTest(['src/fine']).end).toEqual(['2 passed, 0 failed']);
    const { status, end } = npmTest(['src/other']);
    expect(end).toEqual(['Failed: src/other.test.ts > fails', '0 passed, 1 failed']);
    expect(status).toBe(1);
  });

  it('counts what fails outside of a test', () => {
    write('src/broken.test.ts', "import './gone.ts';");
    write(
      'src/late.test.ts',
      "import { it } from 'vitest';\nit('ok', () => { Promise.reject(new Error('late')); });",
    );
    write('simulations/main.ts', "console.log('1 passed, 2 failed'); process.exit(1);");
    const { status, end } = npmTest();
    expect(end).toEqual([
      'Failed: src/broken.test.ts',
      'Failed: the simulation, see above.',
      '4 passed, 3 failed',
    ]);
    expect(status).toBe(1);
  });

  it('fails when an error that no test saw was thrown', () => {
    write(
      'src/late.test.ts',
      "import { it } from 'vitest';\nit('ok', () => { Promise.reject(new Error('late')); });",
    );
    expect(npmTest(['src/late']).end).toEqual([
      'vitest ended with 1 although no test failed: see its output above.',
      '1 passed, 1 failed',
    ]);
  });

  it('names what was skipped, and fails for it in CI', () => {
    write(
      'src/some.test.ts',
      "import { it } from 'vitest';\nit.skip('later', () => {});\nit.todo('never');",
    );
    expect(npmTest().end).toEqual([
      'Skipped: src/some.test.ts > later',
      'Skipped: src/some.test.ts > never',
      '5 passed, 0 failed',
    ]);
    const { status, end } = npmTest([], true);
    expect(end).toEqual([
      'Skipped, which CI does not accept: src/some.test.ts > later',
      'Skipped, which CI does not accept: src/some.test.ts > never',
      '5 passed, 2 failed',
    ]);
    expect(status).toBe(1);
  });

  it('leaves out what needs a server that is not there, says how to have it, and not in CI', () => {
    write(
      'src/store.redis.test.ts',
      "import { it } from 'vitest';\nit('asks Redis', () => { throw new Error('no Redis'); });",
    );
    // Without the program: whether something listens at the port is this machine's affair.
    const bare = { PATH: path.join(root, 'empty') };
    const { status, end } = npmTest([], false, bare);
    expect(end).toEqual([
      expect.stringMatching(/^Left out: the tests that need Redis at 127\.0\.0\.1:6379\. .*redis-server/),
      '5 passed, 0 failed',
    ]);
    expect(status).toBe(0);
    expect(npmTest([], true, bare).end.at(-1)).toBe('5 passed, 1 failed');
    expect(npmTest(['src/store'], false, bare).end.at(-1)).toBe('0 passed, 1 failed');
  });

  it('does not do without the simulation', () => {
    fs.rmSync(path.join(root, 'simulations'), { recursive: true });
    expect(npmTest().end).toEqual([
      'simulations/main.ts is missing: no scenario ran.',
      '2 passed, 1 failed',
    ]);
    write('simulations/main.ts', "console.log('scenario a: fine'); process.exit(0);");
    expect(npmTest().end).toEqual([
      'The simulation ended early (0), without its last line.',
      '2 passed, 1 failed',
    ]);
  });
});
