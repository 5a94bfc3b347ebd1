import { describe, expect, it } from 'vitest';
import { findingsOf } from '../small-tree.ts';
import { exports } from './exports.ts';

describe('exports', () => {
  it('lead to an index that is there', () => {
    const description = {
      exports: { './std': './src/std/index.ts', './a': './src/a/index.ts', './b': './src/std/heap.ts' },
      bin: { holdfast: 'src/cli/bin.mjs' },
    };
    const files = {
      'package.json': JSON.stringify({ ...description }, null, 1),
      'src/std/index.ts': '',
      'src/std/heap.ts': '',
    };
    expect(findingsOf(exports, files)).toEqual([
      'package.json:4 exports: "./a" leads to src/a/index.ts, which is not there.',
      'package.json:5 exports: "./b" leads to src/std/heap.ts, which is not an index.ts.',
      'package.json:8 exports: "holdfast" leads to src/cli/bin.mjs, which is not there.',
    ]);
  });
});
