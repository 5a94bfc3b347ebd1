import { describe, expect, it } from 'vitest';
import { findingsOf } from '../small-tree.ts';
import { scripts } from './scripts.ts';

const presim = 'node tools/setup.mjs';

describe('scripts', () => {
  it('that pages and CI name exist', () => {
    const files = {
      'package.json': JSON.stringify({ scripts: { presim, sim: 'vitest' } }),
      'tools/setup.mjs': '',
      'README.md': 'Run `npm run sim -- --seed=1`.\nThen `npm start`, or `npm run -s nothing`.',
      '.ci/run': 'npm test',
      'CHANGELOG.md': 'There was an `npm run once`.',
    };
    expect(findingsOf(scripts, files).sort()).toEqual([
      '.ci/run:1 scripts: package.json has no script "test".',
      'README.md:2 scripts: package.json has no script "nothing".',
      'README.md:2 scripts: package.json has no script "start".',
    ]);
  });

  it('start what is there, and set themselves up', () => {
    const text = JSON.stringify({ scripts: { presim, sim: 'node gone.ts', lint: 'biome' } }, null, 1);
    expect(findingsOf(scripts, { 'package.json': text, 'tools/setup.mjs': '' })).toEqual([
      'package.json:4 scripts: The script "sim" starts gone.ts, which is not there.',
      'package.json:5 scripts: "prelint" must be "node tools/setup.mjs", for lint to work on a fresh clone.',
    ]);
  });
});
