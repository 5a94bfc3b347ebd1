import { describe, expect, it } from 'vitest';
import { findingsOf, manifest } from '../small-tree.ts';
import { realHost } from './real-host.ts';

describe('real-host', () => {
  it('is chosen by mains, the cli, tools, benches, simulations and tests', () => {
    const text = "import { nodeHost } from 'holdfast/host/node';";
    const places = ['systems/echo/service-a/main.ts', 'src/cli/up.ts', 'tools/a.ts', 'bench/a.ts'];
    places.push('simulations/a.ts', 'src/calls/a.test.ts', 'systems/echo/echo.test.ts');
    const files = Object.fromEntries(places.map((place) => [place, text]));
    expect(findingsOf(realHost, { 'package.json': manifest('host/node'), ...files })).toEqual([]);
  });

  it('is not chosen by anything else', () => {
    const files = {
      'package.json': manifest('host/node'),
      'src/host/index.ts': "export * from './node/index.ts';",
      'systems/echo/service.ts': "import { nodeHost } from 'holdfast/host/node';",
    };
    expect(findingsOf(realHost, files).map((finding) => finding.split(': ')[0])).toEqual([
      'src/host/index.ts:1 real-host',
      'systems/echo/service.ts:1 real-host',
    ]);
  });
});
