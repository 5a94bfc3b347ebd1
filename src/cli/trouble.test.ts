import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { configText, TestFolder, twoServices, waitMs } from './testing/harness.ts';

let folder: TestFolder;
afterEach(() => folder.close());

describe('a port that is taken', { timeout: waitMs }, () => {
  it('names who holds it and what to do', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    folder = new TestFolder(configText(`'echo-a': { main, port: ${port} }`));
    const { code, err } = await folder.run('up');
    server.close();
    expect(code).toBe(1);
    expect(err).toMatch(
      new RegExp(
        `^Port ${port} is taken by \\S+ \\(pid ${process.pid}: .+\\)\\. ` +
          'Stop it, or give echo-a another port in holdfast\\.config\\.ts\\.\\n$',
      ),
    );
    expect(await folder.run('ps')).toMatchObject({ code: 1 });
  });
});

describe('a data folder that cannot be written', { timeout: waitMs }, () => {
  it.each([
    ['below a file', (path: string) => join(path, 'holdfast.config.ts', 'data'), 'ENOTDIR'],
    ['where nothing can be made', () => '/proc/holdfast', 'ENOENT'],
  ])('is one sentence: %s', async (_, place, code) => {
    folder = new TestFolder(configText(twoServices));
    const data = place(folder.path);
    const { code: exitCode, out, err } = await folder.run('up', '--data', data);
    expect([exitCode, out]).toEqual([1, '']);
    expect(err).toMatch(
      new RegExp(
        `^The data folder ${data} cannot be written \\(${code}: .*\\)\\. Choose another with --data\\.\\n$`,
      ),
    );
  });
});

it('names every port that is taken, and gives the free ones beside', { timeout: waitMs }, async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  folder = new TestFolder(configText(`'echo-a': { main, ports: [0, ${port}], instances: 2 }`));
  const { err } = await folder.run('up');
  server.close();
  expect(err.split('\n')).toHaveLength(2);
  expect(err).toContain(`Port ${port} is taken by`);
});

describe('a config that is wrong', { timeout: waitMs }, () => {
  const numbered = configText(twoServices).split('\n');
  const lineOf = (text: string): number => numbered.findIndex((line) => line.includes(text)) + 1;
  const services = lineOf('services:');

  it.each<[string, string, RegExp]>([
    [
      'a wrong value, in the system',
      configText("'echo-a': { main, port: 0, instances: 'two' }"),
      new RegExp(
        `^holdfast\\.config\\.ts:${services}:53 systems\\[0\\]\\.services\\.echo-a\\.instances: ` +
          'must be a whole number from 1 to 64, not "two"\\n$',
      ),
    ],
    [
      'an unknown key',
      configText(twoServices, 'prodution: true,'),
      /^holdfast\.config\.ts:17:3 prodution: is not known here\. Did you mean production\?\n$/,
    ],
    [
      'faults in production',
      configText(twoServices, 'production: true, faults: true,'),
      /^holdfast\.config\.ts:17:29 faults: cannot be true together with production: .*refuses faults\n$/,
    ],
    [
      'clashing ports',
      configText("'echo-a': { main, port: 7000 }, 'echo-b': { main, port: 7000 }"),
      /^holdfast\.config\.ts:6:\d+ .*: echo-a-1 and echo-b-1 would both listen on port 7000: give .*\n$/,
    ],
    [
      'a file that is not there',
      configText("'echo-a': { main: new URL('./none.ts', import.meta.url), port: 0 }"),
      /^holdfast\.config\.ts:6:33 systems\[0\]\.services\.echo-a\.main: there is no file none\.ts\n$/,
    ],
    [
      'a syntax error',
      'export default {\n  systems: [\n  services: 3 };\n',
      /^holdfast\.config\.ts:3:11 Expected .*\n$/,
    ],
    [
      'TypeScript that Node does not run',
      'enum Colour { Red }\nexport default {};\n',
      /^holdfast\.config\.ts:1:1 TypeScript enum is not supported in strip-only mode\n$/,
    ],
    [
      'a config that throws',
      'const found = undefined as unknown as { x: { y: number } };\n\nexport default found.x.y;\n',
      /^holdfast\.config\.ts:3:22 throws: Cannot read properties of undefined \(reading 'x'\)\n$/,
    ],
    [
      'an import of no file',
      "import x from './none.ts';\nexport default x;\n",
      /^holdfast\.config\.ts:1:15 import '\.\/none\.ts': there is no such file\n$/,
    ],
    [
      'an import of no package',
      "import { x } from 'hold-fast/topology';\nexport default x;\n",
      /^holdfast\.config\.ts:1:19 import 'hold-fast\/topology': there is no such package: .*\n$/,
    ],
    [
      'an import of no export',
      "import { join } from 'node:path';\nimport { joi } from 'node:path';\nexport default joi;\n",
      /^holdfast\.config\.ts:2:10 The requested module 'node:path' does not provide an export named 'joi'\n$/,
    ],
    [
      'no default export',
      'export const config = {};\n',
      /^holdfast\.config\.ts: has no default export: write .*\n$/,
    ],
    ['an empty one', 'export default { systems: [] };\n', /^holdfast\.config\.ts has no services: .*\n$/],
  ])('points at the line: %s', async (_, config, expected) => {
    folder = new TestFolder(config);
    const { code, out, err } = await folder.run('up');
    expect(err).toMatch(expected);
    expect([code, out]).toEqual([1, '']);
  });

  it('points into the file of a system, and into one that is thrown in', async () => {
    folder = new TestFolder("import echo from './system.ts';\nexport default { systems: [echo] };\n");
    folder.write('system.ts', "export default {\n  name: 'echo',\n  services: { a: { port: -1 } },\n};\n");
    expect((await folder.run('up')).err).toBe(
      'system.ts:3:18 services.a.main: is missing: it must be a file URL such as ' +
        "new URL('./main.ts', import.meta.url)\n" +
        'system.ts:3:26 services.a.port: ' +
        'must be a whole number from 0 to 65535 (0 takes a free port), not -1\n',
    );
    folder.write('system.ts', "const a = 1;\nthrow new Error('not today');\nexport default a;\n");
    expect((await folder.run('up')).err).toBe('system.ts:2:7 throws: not today\n');
    folder.write('system.ts', 'export default [;\n');
    expect((await folder.run('up')).err).toBe('system.ts:1:17 Expression expected\n');
  });

  it('says what an import needs in a package of the old kind', async () => {
    folder = new TestFolder("import { join } from 'node:path';\nexport default { systems: [], join };\n");
    folder.write('package.json', '{ "type": "commonjs" }');
    expect((await folder.run('up')).err).toMatch(
      /^holdfast\.config\.ts: Cannot use import .*: put "type": "module" into .*, or name the file \.mts$/m,
    );
  });

  it('refuses faults from the environment in production', async () => {
    folder = new TestFolder(configText(twoServices, 'production: true,'));
    const up = folder.start(['up'], { HOLDFAST_FAULTS: 'on' });
    expect((await up.exit).code).toBe(1);
    expect(up.err).toBe('A production topology refuses faults: unset HOLDFAST_FAULTS.\n');
  });

  it('says that there is none', async () => {
    folder = new TestFolder();
    expect(await folder.run('up')).toMatchObject({
      code: 1,
      err:
        'There is no holdfast.config.ts here or in a folder above. ' +
        'Write one (docs/reference/config.md says how), or name it with --config.\n',
    });
    expect(await folder.run('up', '--config', 'x.ts')).toMatchObject({
      err: 'There is no config file x.ts.\n',
    });
  });

  it('knows its systems', async () => {
    folder = new TestFolder(configText(twoServices));
    const { code, err } = await folder.run('up', 'pai');
    expect([code, err]).toEqual([2, 'There is no system pai. Did you mean pair?\n']);
  });
});
