import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { reservedSystems } from '../topology/index.ts';
import { builtins } from './builtins.ts';
import { configText, TestFolder, twoServices, waitMs } from './testing/harness.ts';

let folder: TestFolder;
afterEach(() => folder.close());

describe('holdfast --help', { timeout: waitMs }, () => {
  it('teaches: commands, those of the systems, options, a first tour', async () => {
    folder = new TestFolder(configText(twoServices));
    const { code, out, err } = await folder.run('--help');
    expect([code, err]).toEqual([0, '']);
    for (const { summary } of builtins) expect(out).toContain(`  ${summary}\n`);
    expect(out).toMatch(/\n {2}pair +fixtures\n/);
    expect(out).toMatch(/\n {2}--config <file> /);
    expect(out).toMatch(/\n {2}npx holdfast kill echo-a-1 +pulls the plug/);
    expect((await folder.run()).out).toBe(out);
    expect(out).not.toContain('\x1b');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it.each([
    ['is broken', 'export default {{{', /holdfast\.config\.ts:1:17 /],
    ['throws', "throw new Error('not today');", /holdfast\.config\.ts:1:7 throws: not today/],
    [
      'never loads',
      'await new Promise((resolve) => setTimeout(resolve, 60_000));',
      /takes longer than 2 s to load/,
    ],
  ])('comes when the config %s', async (_, config, trouble) => {
    folder = new TestFolder(config);
    const { code, out } = await folder.run('--help');
    expect(code).toBe(0);
    expect(out).toMatch(/\n {2}up \[system\.\.\.\]/);
    expect(out).toMatch(trouble);
  });

  it('tells about one command, and about those of a system', async () => {
    folder = new TestFolder(configText(twoServices));
    expect((await folder.run('logs', '--help')).out).toMatch(
      /--follow[\s\S]*Examples:\n {2}npx holdfast logs -f/,
    );
    expect((await folder.run('pair')).err).toMatch(
      /Usage: holdfast pair <command>[\s\S]*show .*shows its context/,
    );
    expect((await folder.run('pair', 'show', '--help')).out).toMatch(/^Usage: holdfast pair show <text>\n/);
  });

  it('has a version', async () => {
    folder = new TestFolder('broken');
    expect(await folder.run('--version')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});

describe('a mistake on the command line', { timeout: waitMs }, () => {
  it.each([
    [['pss'], 'There is no command pss. Did you mean ps? See: npx holdfast --help\n'],
    [['pari'], 'There is no command pari. Did you mean pair? See: npx holdfast --help\n'],
    [['--data', 'x', 'frobnicate'], 'There is no command frobnicate. See: npx holdfast --help\n'],
    [['ps', '--jsn'], "Unknown option '--jsn'. Did you mean --json? See: npx holdfast ps --help\n"],
    [['--cofig', 'x', 'ps'], "Unknown option '--cofig'. Did you mean --config? See: npx holdfast --help\n"],
    [['stop'], "Missing required argument 'name'. See: npx holdfast stop --help\n"],
    [['up', '--config'], "Option '--config <file>' argument missing. See: npx holdfast up --help\n"],
    [['pair', 'shwo'], "Unknown command 'shwo'. Did you mean show? See: npx holdfast pair --help\n"],
  ])('%j names the nearest, exit code 2', async (args, expected) => {
    folder = new TestFolder(configText(twoServices));
    const { code, out, err } = await folder.run(...args);
    expect([code, out, err]).toEqual([2, '', expected]);
  });
});

describe('without a running topology', { timeout: waitMs }, () => {
  it.each(['ps', 'stop x', 'kill x', 'logs'])('%s says so, exit code 1', async (command) => {
    folder = new TestFolder(configText(twoServices));
    const { code, out, err } = await folder.run(...command.split(' '));
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(
      /^(Nothing runs here|There are no logs here yet)\. Start (it|something) with: npx holdfast up\n$/,
    );
  });

  it("a system's command still runs", async () => {
    const services = "'echo-a': { main, port: 7001 }";
    folder = new TestFolder(configText(services));
    const { code, out } = await folder.run('pair', 'show');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      running: false,
      echo: 'http://127.0.0.1:7001',
      registries: [],
    });
  });

  it('finds the config in a folder above', async () => {
    folder = new TestFolder(configText(twoServices));
    mkdirSync(join(folder.path, 'deep'));
    const text = execFileSync(
      process.execPath,
      [fileURLToPath(new URL('./bin.mjs', import.meta.url)), '--help'],
      {
        cwd: join(folder.path, 'deep'),
        encoding: 'utf8',
      },
    );
    expect(text).toMatch(/\n {2}pair +fixtures\n/);
  });
});

describe('bin.mjs', () => {
  it('runs on the Node of the machine, which may be older', () => {
    folder = new TestFolder();
    const bin = fileURLToPath(new URL('./bin.mjs', import.meta.url));
    const older = ['/usr/bin/node', '/usr/local/bin/node'].find((file) => existsSync(file));
    if (older === undefined) return;
    expect(execFileSync(older, [bin, '--version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('knows which names systems cannot have', () => {
    folder = new TestFolder();
    expect(reservedSystems).toEqual(expect.arrayContaining(builtins.map(({ name }) => name)));
  });
});
