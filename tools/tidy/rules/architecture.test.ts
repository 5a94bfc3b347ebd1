import { describe, expect, it } from 'vitest';
import { findingsOf } from '../small-tree.ts';
import { architecture } from './architecture.ts';

const sources = { 'src/std/a.ts': '', 'src/cache/a.ts': '', 'src/host/a.ts': '' };

describe('architecture', () => {
  it('names every folder, in a drawn tree or by its path', () => {
    const page = `
\`\`\`
src/         the platform
  std/       assert, must
  cache/  host/   core/ and driver/ each
systems/
  echo/      two services
\`\`\`
`;
    expect(findingsOf(architecture, { ...sources, 'ARCHITECTURE.md': page })).toEqual([]);
    const paths = '`src/std` <- [host](src/host/index.ts) <- `src/cache/`';
    expect(findingsOf(architecture, { ...sources, 'ARCHITECTURE.md': paths })).toEqual([]);
  });

  it('names none that is not there', () => {
    const page = 'src/\n  std/  journal/\n  cache/\n\nLater: `src/link`.';
    expect(findingsOf(architecture, { ...sources, 'ARCHITECTURE.md': page })).toEqual([
      'ARCHITECTURE.md:1 architecture: src/host is not named.',
      'ARCHITECTURE.md:2 architecture: src/journal is named but is not there.',
      'ARCHITECTURE.md:5 architecture: src/link is named but is not there.',
    ]);
  });
});
