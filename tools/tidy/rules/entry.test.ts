import { describe, expect, it } from 'vitest';
import { findingsOf, manifest } from '../small-tree.ts';
import { entry } from './entry.ts';

describe('entry', () => {
  it('is the index of a folder, or one of its known sub-entries', () => {
    const text = `
      import { a } from '../std/index.ts';
      import { b } from '../host/node/index.ts';
      import { c } from './core/c.ts';`;
    expect(findingsOf(entry, { 'src/cli/a.ts': text })).toEqual([]);
  });

  it('is not a file behind the index', () => {
    const files = {
      'src/cli/a.ts': "import { a } from '../std/heap.ts';",
      'src/cli/b.ts': "import { b } from '../host/node/disk.ts';",
    };
    expect(findingsOf(entry, files)).toEqual([
      'src/cli/a.ts:1 entry: src/std is entered only through src/std/index.ts.',
      'src/cli/b.ts:1 entry: src/host is entered only through src/host/node/index.ts.',
    ]);
  });

  it('goes by name from outside src, and by path inside', () => {
    const files = {
      'package.json': manifest('std'),
      'systems/echo/a.ts': "import { a } from '../../src/std/index.ts';",
      'bench/b.ts': "import { b } from '../src/calls/index.ts';",
      'simulations/c.ts': "import { c } from 'holdfast/std';",
      'src/calls/d.ts': "import { d } from 'holdfast/std';",
    };
    expect(findingsOf(entry, files).sort()).toEqual([
      'bench/b.ts:1 entry: From out here the platform is imported by its name, ' +
        'once package.json exports src/calls/index.ts.',
      'src/calls/d.ts:1 entry: Inside src the path of src/std/index.ts is used, not "holdfast/std".',
      'systems/echo/a.ts:1 entry: From out here the platform is imported as "holdfast/std".',
    ]);
  });
});
