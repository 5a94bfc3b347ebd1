import { describe, expect, it } from 'vitest';
import { findingsOf } from '../small-tree.ts';
import { dependencies } from './dependencies.ts';

const packageJson = JSON.stringify({
  name: 'holdfast',
  dependencies: { zod: '4.0.0', '@scope/a': '1.0.0' },
});

describe('dependencies', () => {
  it('come with the package', () => {
    const files = {
      'package.json': packageJson,
      'src/std/a.ts': "import 'zod';\nimport '@scope/a/deep';\nimport 'node:fs';\nimport 'fast-check';",
      'src/std/b.ts': "import type { A } from 'fast-check';",
      'src/std/a.test.ts': "import 'fast-check';",
      'tools/a.ts': "import 'fast-check';",
    };
    expect(findingsOf(dependencies, files)).toEqual([
      'src/std/a.ts:4 dependencies: "fast-check" is not among the dependencies users get.',
    ]);
  });

  it('on the platform itself are among its exports', () => {
    const files = { 'package.json': packageJson, 'bench/a.ts': "import 'holdfast/nothing';" };
    expect(findingsOf(dependencies, files)).toEqual([
      'bench/a.ts:1 dependencies: package.json exports no "holdfast/nothing".',
    ]);
  });
});
