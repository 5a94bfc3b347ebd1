import { describe, expect, it } from 'vitest';
import { findingsOf, manifest } from '../small-tree.ts';
import { systems } from './systems.ts';

describe('systems', () => {
  it('use their own files, packages and the platform', () => {
    const text = "import 'holdfast/calls';\nimport 'zod';\nimport 'node:os';\nimport '../wire.ts';";
    const files = { 'package.json': manifest('calls'), 'systems/echo/service-a/main.ts': text };
    expect(findingsOf(systems, files)).toEqual([]);
  });

  it('do not use each other, the cli or the tools', () => {
    const files = {
      'package.json': manifest('cli'),
      'systems/echo/a.ts': "import '../kvs/a.ts';\nimport 'holdfast/cli';\nimport '../../tools/a.ts';",
    };
    expect(findingsOf(systems, files)).toEqual([
      'systems/echo/a.ts:1 systems: A system imports its own files and the platform, not systems/kvs/a.ts.',
      'systems/echo/a.ts:2 systems: The cli loads systems; a system does not import the cli.',
      'systems/echo/a.ts:3 systems: A system imports its own files and the platform, not tools/a.ts.',
    ]);
  });
});
