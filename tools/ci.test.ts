import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** Runs .ci/run on a project whose scripts do as told, from another folder. */
function ciRun(scripts: { check: string; test: string }): { status: number | null; lines: string[] } {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast ci '));
  try {
    fs.cpSync(path.resolve(import.meta.dirname, '..', '.ci'), path.join(root, '.ci'), { recursive: true });
    fs.writeFileSync(path.join(root, 'package.json'), JSON.stringify({ scripts }));
    const { status, stdout } = spawnSync('bash', [path.join(root, '.ci', 'run')], {
      cwd: os.tmpdir(),
      encoding: 'utf8',
    });
    return { status, lines: stdout.trimEnd().split('\n') };
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

describe('.ci/run', () => {
  it('ends with the sum of the tests', () => {
    const { status, lines } = ciRun({ check: 'echo CI=$CI', test: 'echo 3 passed, 0 failed' });
    expect(lines.at(-1)).toBe('3 passed, 0 failed');
    expect(lines).toContain('CI=true');
    expect(status).toBe(0);
  });

  it('runs the tests also when a check fails, which counts as a failure', () => {
    const { status, lines } = ciRun({ check: 'exit 2', test: 'echo 3 passed, 1 failed; exit 1' });
    expect(lines.at(-1)).toBe('3 passed, 2 failed');
    expect(status).toBe(1);
  });

  it('takes tests that end early for failed', () => {
    expect(ciRun({ check: 'true', test: 'exit 7' })).toMatchObject({ status: 1 });
    const { status, lines } = ciRun({ check: 'true', test: 'echo 3 passed, 0 failed; exit 1' });
    expect(lines.at(-1)).toBe('3 passed, 1 failed');
    expect(status).toBe(1);
  });
});
