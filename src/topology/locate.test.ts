import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { locate } from './locate.ts';
import type { DataPath } from './problem.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-locate-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, lines: readonly string[]): string => {
  const file = join(folder, name);
  writeFileSync(file, lines.join('\n'));
  return file;
};

/** `file:line:column path`. */
const place = (file: string, path: DataPath, atKey = false): string => {
  const found = locate(file, path, atKey);
  const at = found.position === undefined ? '' : `:${found.position.line}:${found.position.column}`;
  return `${found.file.slice(folder.length + 1)}${at} ${found.path.join('.')}`;
};

describe('locate', () => {
  const config = [
    "import { defineConfig } from 'holdfast/topology';",
    "import type { Config } from 'holdfast/topology';",
    "import echo, { other } from './system.ts';",
    'const two: number = 2;',
    "const base = { 'echo-b': { port: 1, instances: two } } as const;",
    'const made = (): Config => ({ systems: [] });',
    'export default defineConfig({',
    '  systems: [echo, other],',
    '  services: {',
    '    ...base,',
    "    'echo-a': { instances: 'two' as unknown as number, ports: [1, 2] },",
    '  },',
    '  gateway: made().gateway,',
    '} satisfies Config);',
  ];
  const system = [
    'export default defineSystem({',
    "  name: 'echo',",
    "  services: { 'echo-a': { main: new URL('./a.ts', import.meta.url), port: 80800 } },",
    '});',
    "export const other = { name: 'other', services: {} };",
  ];

  it.each<[string, DataPath, boolean, string]>([
    [
      'a value',
      ['services', 'echo-a', 'instances'],
      false,
      'holdfast.config.ts:11:28 services.echo-a.instances',
    ],
    [
      'a key',
      ['services', 'echo-a', 'instances'],
      true,
      'holdfast.config.ts:11:17 services.echo-a.instances',
    ],
    [
      'a list',
      ['services', 'echo-a', 'ports', 1],
      false,
      'holdfast.config.ts:11:67 services.echo-a.ports.1',
    ],
    ['a spread', ['services', 'echo-b', 'port'], false, 'holdfast.config.ts:5:34 services.echo-b.port'],
    [
      'what is not there',
      ['services', 'echo-a', 'env', 'X'],
      false,
      'holdfast.config.ts:11:15 services.echo-a.env.X',
    ],
    ['what code makes', ['gateway', 'port'], false, 'holdfast.config.ts:13:12 gateway.port'],
    [
      'a system',
      ['systems', 0, 'services', 'echo-a', 'port'],
      false,
      'system.ts:3:75 services.echo-a.port',
    ],
    ['a named export', ['systems', 1, 'name'], false, 'system.ts:5:30 name'],
    ['no such system', ['systems', 2], false, 'holdfast.config.ts:8:12 systems.2'],
    ['the root', [], false, 'holdfast.config.ts:7:16 '],
  ])('finds %s', (_, path, atKey, expected) => {
    const file = write('holdfast.config.ts', config);
    write('system.ts', system);
    expect(place(file, path, atKey)).toBe(expected);
  });

  it('reads plain JavaScript and a config in a constant', () => {
    const file = write('c.mjs', ['const config = { systems: 3 };', 'export default config;']);
    expect(place(file, ['systems'])).toBe('c.mjs:1:27 systems');
  });

  it('gives the file alone when nothing can be found', () => {
    expect(place(write('a.ts', ['export const x = 1;']), ['systems'])).toBe('a.ts systems');
    expect(place(write('b.ts', ['export default {{{']), ['systems'])).toBe('b.ts systems');
    expect(place(join(folder, 'none.ts'), ['systems'])).toBe('none.ts systems');
  });

  it('ends on a constant that means itself', () => {
    const file = write('c.ts', ['const a = b;', 'const b = a;', 'export default { systems: a };']);
    expect(place(file, ['systems', 0])).toBe('c.ts:1:11 systems.0');
  });
});
