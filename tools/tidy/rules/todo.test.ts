import { describe, expect, it } from 'vitest';
import { findingsOf } from '../small-tree.ts';
import { todo } from './todo.ts';

describe('todo', () => {
  it('names an issue', () => {
    const text = `
// TODO: faster
/* fine
   FIXME later */
interface A {
  a: string; // TODO better
}
// TODO(#12): faster
const text = 'TODO';
const TODO = 1;`;
    expect(findingsOf(todo, { 'src/std/a.ts': text })).toEqual([
      'src/std/a.ts:2 todo: TODO without an issue number.',
      'src/std/a.ts:4 todo: FIXME without an issue number.',
      'src/std/a.ts:6 todo: TODO without an issue number.',
    ]);
  });
});
