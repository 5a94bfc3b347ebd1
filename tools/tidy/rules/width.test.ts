import { describe, expect, it } from 'vitest';
import { findingsOf } from '../small-tree.ts';
import { width } from './width.ts';

describe('width', () => {
  it('bounds lines of code, counting letters and not their bytes', () => {
    const files = {
      'src/std/a.ts': `${'a'.repeat(110)}\n${'a'.repeat(111)}\n${'😀'.repeat(110)}\n`,
      'src/std/b.ts': `// ${'a'.repeat(80)} https://example.org/${'a'.repeat(80)}`,
      'README.md': 'a'.repeat(300),
      'src/grpc/gen/a.ts': 'a'.repeat(300),
    };
    expect(findingsOf(width, files)).toEqual(['src/std/a.ts:2 width: 111 columns, at most 110.']);
  });
});
