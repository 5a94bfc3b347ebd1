import { describe, expect, it } from 'vitest';
import { findingsOf } from '../small-tree.ts';
import { direction } from './direction.ts';

describe('direction', () => {
  it('lets imports point down', () => {
    const text = "import { a } from '../std/index.ts';\nimport { b } from './b.ts';";
    expect(findingsOf(direction, { 'src/calls/a.ts': text })).toEqual([]);
  });

  it('finds imports that point up or sideways, types and re-exports too', () => {
    const files = {
      'src/std/up.ts': "import type { Host } from '../host/index.ts';",
      'src/link/side.ts': "\nexport * from '../journal/index.ts';",
      'src/host/inline.ts': "export function f(a: import('../calls/index.ts').Call): void {}",
      'src/calls/late.ts': "export const load = () => import('../service/index.ts');",
    };
    expect(findingsOf(direction, files).sort()).toEqual([
      'src/calls/late.ts:1 direction: src/calls imports from src/service, which stands above it.',
      'src/host/inline.ts:1 direction: src/host imports from src/calls, which stands above it.',
      'src/link/side.ts:2 direction: src/link imports from src/journal, which stands beside it.',
      'src/std/up.ts:1 direction: src/std imports from src/host, which stands above it.',
    ]);
  });

  it('takes text and comments for what they are', () => {
    const text = `
      // import { a } from '../cli/index.ts';
      /* import type { B } from '../cli/index.ts'; */
      const text = "import { c } from '../cli/index.ts'";
      const more = \`import type { D } from '../cli/index.ts'\`;`;
    expect(findingsOf(direction, { 'src/std/a.ts': text })).toEqual([]);
  });

  it('lets tests, and only tests, use the simulator from below it', () => {
    const text = "import { simulate } from '../simulator/index.ts';";
    expect(findingsOf(direction, { 'src/host/a.test.ts': text })).toEqual([]);
    expect(findingsOf(direction, { 'src/host/a.ts': text })).toHaveLength(1);
  });

  it('keeps the platform free of what is built on it', () => {
    expect(findingsOf(direction, { 'src/cli/a.ts': "import '../../systems/echo/system.ts';" })).toEqual([
      'src/cli/a.ts:1 direction: The platform does not import from outside src (systems/echo/system.ts).',
    ]);
  });

  it('wants a place for every folder', () => {
    expect(findingsOf(direction, { 'src/new/a.ts': "import '../std/index.ts';" })).toEqual([
      'src/new/a.ts:1 direction: src/new has no place in the order of folders in tools/tidy/layout.ts.',
    ]);
  });
});
