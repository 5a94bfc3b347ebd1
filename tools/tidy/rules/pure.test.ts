import { describe, expect, it } from 'vitest';
import { findingsOf, manifest } from '../small-tree.ts';
import { pure } from './pure.ts';

/** What is found in a core of this text, as `line what`. */
function inCore(text: string): string[] {
  return findingsOf(pure, { 'src/calls/core/a.ts': text }).map((finding) => {
    return finding
      .replace('src/calls/core/a.ts:', '')
      .replace(' pure:', '')
      .replace(' is not for a pure file.', '');
  });
}

describe('pure', () => {
  it.each([
    ['const now = Date.now();', '`Date`'],
    ['const date = new Date();', '`Date`'],
    ['const id = Math.random();', '`Math.random`'],
    ["const id = Math['random']();", '`Math.random`'],
    ['const { random } = globalThis.Math;', '`globalThis`'],
    ['setTimeout(() => {}, 10);', '`setTimeout`'],
    ['const later = setImmediate;', '`setImmediate`'],
    ['performance.now();', '`performance`'],
    ['const home = process.env.HOME;', '`process`'],
    ['console.log(1);', '`console`'],
    ['const made = { fetch };', '`fetch`'],
    ['Promise.resolve(1);', '`Promise`'],
    ['async function f() {}', '`async`'],
    ['class A { async m() {} }', '`async`'],
    ['await f();', '`await`'],
    ['for await (const a of b) c(a);', '`for await`'],
    ["import('./b.ts');", '`import()`'],
    ['const here = import.meta.url;', '`import.meta`'],
    ["import fs from 'node:fs';", 'Importing "node:fs" as more than a type'],
    ["import { z } from 'zod';", 'Importing "zod" as more than a type'],
    ["export { a } from '../driver/a.ts';", 'Importing "../driver/a.ts" as more than a type'],
    ["import { c } from '../../host/index.ts';", 'Importing "../../host/index.ts" as more than a type'],
  ])('finds %s', (text, what) => {
    expect(inCore(`// One line above.\n${text}`)).toEqual([`2 ${what}`]);
  });

  it('is not tripped by comments, text, members, types and names of its own', () => {
    const text = `
      // Date.now(), await, setTimeout
      /** Promise of a Date */
      import type { Clock } from '../../host/index.ts';
      import { assert } from '../../std/index.ts';
      import { limits } from '../limits.ts';
      import { other } from './other.ts';
      const text = 'await setTimeout(Date)' + \`Math.random \${other.process.Date}\`;
      interface Waiting { readonly promise: Promise<Date>; fetch(): void }
      class A { #Date = 1; process() { return this.#Date; } fetch = Math.max(1, 2); }
      export function f(process: { console: string }) { return { Date: process.console }; }`;
    expect(inCore(text)).toEqual([]);
  });

  it('holds all of std to it, but not the tests', () => {
    const files = { 'src/std/a.ts': 'Date.now();', 'src/std/a.test.ts': 'Date.now();' };
    expect(findingsOf(pure, files)).toEqual(['src/std/a.ts:1 pure: `Date` is not for a pure file.']);
  });

  it('follows a core to what it loads, in systems too', () => {
    const files = {
      'package.json': manifest('std'),
      'systems/shop/core/a.ts': "import { b } from '../b.ts';\nimport { must } from 'holdfast/std';",
      'systems/shop/b.ts': "import { c } from './c.ts';\nimport type { D } from './d.ts';",
      'systems/shop/c.ts': 'export const c = Date.now();',
      'systems/shop/d.ts': 'export const d = Date.now();',
    };
    expect(findingsOf(pure, files)).toEqual([
      'systems/shop/c.ts:1 pure: `Date` is not for a pure file (imported by systems/shop/core/a.ts).',
    ]);
  });
});
