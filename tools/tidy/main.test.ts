import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { inSmallTree } from './small-tree.ts';

function tidy(files: Record<string, string>): { status: number | null; stdout: string; stderr: string } {
  const main = path.join(import.meta.dirname, 'main.ts');
  return inSmallTree(files, (root) => spawnSync(process.execPath, [main, root], { encoding: 'utf8' }));
}

describe('node tools/tidy/main.ts', () => {
  it('says in one line that a tree is clean', () => {
    const { status, stdout, stderr } = tidy({
      'README.md': '# Clean\n',
      'tools/a.ts': 'const a: number = 1;',
    });
    expect(stdout).toMatch(/^tidy: \d+ rules, 2 files, nothing found \(.* s\)\n$/);
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it('prints each finding with its place, and fails', () => {
    const { status, stdout } = tidy({
      'src/std/utils.ts': '\nDate.now();',
      'ARCHITECTURE.md': '`src/std`',
    });
    expect(stdout).toMatch(
      /^src\/std\/utils\.ts:2 pure: .*\nsrc\/std\/utils\.ts:1 names: .*\ntidy: .* 2 found \(.* s\)\n$/,
    );
    expect(status).toBe(1);
  });
});
