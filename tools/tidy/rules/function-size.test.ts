import { describe, expect, it } from 'vitest';
import { findingsOf } from '../small-tree.ts';
import { functionSize } from './function-size.ts';

const lines = (count: number): string => 'f();\n'.repeat(count);

describe('function-size', () => {
  it('bounds functions, methods and arrows', () => {
    const text = `
function fits() {\n${lines(68)}}
function long(): void {\n${lines(69)}}
class A { method() {\n${lines(69)}} }
const arrow = () => {\n${lines(69)}};`;
    expect(findingsOf(functionSize, { 'src/std/a.ts': text })).toEqual([
      'src/std/a.ts:72 function-size: 71 lines, at most 70: give its steps names.',
      'src/std/a.ts:143 function-size: 71 lines, at most 70: give its steps names.',
      'src/std/a.ts:214 function-size: 71 lines, at most 70: give its steps names.',
    ]);
  });

  it('leaves tests and suites of tests alone', () => {
    const text = `import { describe, it } from 'vitest';
describe('a', () => {\n${lines(80)}});
it.each([1])('b', () => {\n${lines(80)}});
export function suite() { describe('c', () => {\n${lines(80)}}); }
function step() {\n${lines(80)}}`;
    expect(findingsOf(functionSize, { 'src/std/a.test.ts': text })).toEqual([
      'src/std/a.test.ts:248 function-size: 82 lines, at most 70: give its steps names.',
    ]);
  });
});
