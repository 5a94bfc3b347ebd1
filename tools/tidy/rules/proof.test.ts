import { describe, expect, it } from 'vitest';
import { findingsOf, manifest } from '../small-tree.ts';
import { proof } from './proof.ts';

const text = "import { simulate } from 'holdfast/simulator';";

describe('proof', () => {
  it('is for tests, simulations, benches and tools', () => {
    const files = { 'src/calls/a.test.ts': text, 'simulations/a.ts': text, 'bench/a.ts': text };
    expect(findingsOf(proof, { 'package.json': manifest('simulator'), ...files })).toEqual([]);
  });

  it('never ships', () => {
    const files = {
      'package.json': manifest('simulator'),
      'holdfast.config.ts': text,
      'src/calls/a.ts': "import { check } from '../checkers/index.ts';",
      'src/simulator/a.ts': "import { check } from '../checkers/index.ts';",
      'systems/echo/service.ts': text,
      'systems/echo/wire.ts': "import { startEcho } from './testing/start.ts';",
    };
    expect(findingsOf(proof, files)).toHaveLength(5);
  });
});
