import { describe, expect, it } from 'vitest';
import { findingsOf } from '../small-tree.ts';
import { size } from './size.ts';

describe('size', () => {
  it('bounds files of code, tests a little later, generated files never', () => {
    const files = {
      'src/std/fits.ts': '\n'.repeat(400),
      'src/std/long.ts': '\n'.repeat(401),
      'src/std/long.test.ts': '\n'.repeat(500),
      'src/grpc/gen/long.ts': '\n'.repeat(900),
    };
    expect(findingsOf(size, files)).toEqual([
      'src/std/long.ts:401 size: 401 lines, at most 400: which two concepts are in here?',
    ]);
  });
});
