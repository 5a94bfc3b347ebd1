import { describe, expect, it } from 'vitest';
import { findingsOf } from '../small-tree.ts';
import { syntax } from './syntax.ts';

describe('syntax', () => {
  it('is what Node runs without a compiler', () => {
    const files = {
      'src/std/a.ts': 'enum A { B }',
      'src/std/b.mjs': '\nconst a = ;',
      'src/std/c.ts': 'export const c = <T,>(a: T): T => a satisfies unknown as T;\nusing d = f();\n',
    };
    expect(findingsOf(syntax, files).map((finding) => finding.split(':', 2).join(':'))).toEqual([
      'src/std/a.ts:1 syntax',
      'src/std/b.mjs:2 syntax',
    ]);
  });
});
