import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { configText, TestFolder, twoServices, waitMs } from './testing/harness.ts';

let folder: TestFolder;
afterEach(() => folder.close());

const answerOf = async (
  port: number,
): Promise<{ pid: number; args: string[]; env: Record<string, string> }> =>
  (await fetch(`http://127.0.0.1:${port}/x`)).json() as never;

describe('holdfast up', { timeout: waitMs }, () => {
  it('starts everything, registry first, and shows one table with what to try', async () => {
    folder = new TestFolder(configText(twoServices));
    const up = await folder.up();
    expect(up.out).toMatch(/holdfast \| Starting registry, echo-a-1, echo-a-2, echo-b-1, gateway\.\n/);
    const table = up.out.slice(up.out.indexOf('\n\n'));
    expect(table).toMatch(/ {2}service +instance +pid +port +state\n/);
    expect(table).toMatch(/ {2}echo-a +echo-a-2 +\d+ +\d+ {2}ready\n/);
    expect(table).toMatch(
      /All 5 are ready after [\d.]+ m?s\. Try:\n {2}curl localhost:\d+\/hello\nCtrl-C stops everything/,
    );
    const { port } = await folder.row('echo-a-1');
    expect(table).toContain(`curl localhost:${port}/hello\n`);
    expect(up.out.indexOf('registry | INFO listening')).toBeLessThan(
      up.out.indexOf('echo-a-1 | INFO listening'),
    );
    // No colours and no cursor tricks without a terminal.
    expect(up.out).not.toContain('\x1b');
  });

  it('gives each process its environment', async () => {
    const services =
      "'echo-a': { main, port: 0, env: { GREETING: 'hi' }, args: ['-d', '1'], weight: 2, zones: ['x'] }";
    folder = new TestFolder(configText(services));
    await folder.up([], { MINE: '1', HOLDFAST_FAULTS: 'on', HOLDFAST_ZONE: 'not of the topology' });
    const rows = await folder.rows();
    expect(rows.map(({ instance, zone, weight }) => [instance, zone, weight])).toContainEqual([
      'echo-a-1',
      'x',
      2,
    ]);
    expect((await folder.run('ps')).out).toMatch(
      / port +zone +weight +state .*\n.*\necho-a +echo-a-1 .* x +2 +ready /,
    );
    const port = (instance: string): number => rows.find((row) => row.instance === instance)?.port ?? 0;
    const { pid, args, env } = await answerOf(port('echo-a-1'));
    expect(rows.find(({ instance }) => instance === 'echo-a-1')?.pid).toBe(pid);
    expect(args).toEqual(['-d', '1']);
    const key = readFileSync(join(folder.data, 'cluster.key'), 'utf8').trim();
    expect(env).toMatchObject({
      PORT: String(port('echo-a-1')),
      HOST: '127.0.0.1',
      HOLDFAST_INSTANCE: 'echo-a-1',
      HOLDFAST_WEIGHT: '2',
      HOLDFAST_ZONE: 'x',
      HOLDFAST_REGISTRY: `http://127.0.0.1:${port('registry')}`,
      HOLDFAST_FAULTS: 'on',
      HOLDFAST_DATA: join(folder.data, 'data', 'echo-a-1'),
      DATA_DIR: join(folder.data, 'data', 'echo-a-1'),
      CLUSTER_KEY: key,
      GREETING: 'hi',
      MINE: '1',
    });
    expect((await answerOf(port('registry'))).env).toMatchObject({ HOLDFAST_REGISTRY: 'none' });
    const gateway = (await answerOf(port('gateway'))).env;
    expect(gateway).toMatchObject({ HOLDFAST_ROUTES: '[]' });
    expect(Object.keys(gateway)).not.toContain('HOLDFAST_ZONE');
    expect(Object.keys(gateway)).not.toContain('HOLDFAST_WEIGHT');
    expect(Buffer.from(key, 'base64url')).toHaveLength(32);
    for (const file of ['cluster.key', 'up.json']) {
      expect(statSync(join(folder.data, file)).mode & 0o777, file).toBe(0o600);
    }
  });

  it('keeps the key of an earlier run, and takes one from the environment', async () => {
    folder = new TestFolder(configText("'echo-a': { main, port: 0 }"));
    const keys: (string | undefined)[] = [];
    for (const env of [{}, {}, { CLUSTER_KEY: 'given' }]) {
      const up = await folder.up([], env);
      keys.push((await answerOf((await folder.row('echo-a-1')).port)).env.CLUSTER_KEY);
      expect((await folder.run('down')).code).toBe(0);
      await up.exit;
    }
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).toBe('given');
  });

  it('runs only the systems asked for', async () => {
    const other = "systems: [pair, defineSystem({ name: 'other', services: { c: { main, port: 0 } } })],";
    folder = new TestFolder(configText(twoServices, other).replace('  systems: [pair],\n', ''));
    await folder.up(['other']);
    expect((await folder.rows()).map(({ instance }) => instance)).toEqual(['registry', 'c-1', 'gateway']);
  });

  it('passes output on line by line, made safe, and keeps it in a file for each', async () => {
    folder = new TestFolder(configText("'echo-a': { main, port: 0, env: { MODE: 'chatty' } }"));
    const up = await folder.up();
    await up.sees(/echo-a-1 \| INFO ünïcode x{1000}\n/);
    const file = readFileSync(join(folder.data, 'logs', 'echo-a-1.log'), 'utf8');
    expect(file).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z INFO listening port=\d+\n/);
  });

  it('goes on when nobody reads its output any more', async () => {
    folder = new TestFolder(configText("'echo-a': { main, port: 0, env: { MODE: 'chatty' } }"));
    const up = await folder.up();
    const [before] = await folder.pids();
    up.child.stdout?.destroy();
    up.child.stderr?.destroy();
    const { pid } = await folder.row('echo-a-1');
    expect((await folder.run('kill', 'echo-a-1')).code).toBe(0);
    await expect.poll(async () => (await folder.row('echo-a-1')).state, { timeout: waitMs }).toBe('ready');
    expect((await folder.row('echo-a-1')).pid).not.toBe(pid);
    expect((await folder.pids())[0]).toBe(before);
  });
});

describe('a second holdfast up', { timeout: waitMs }, () => {
  it('shows what runs already and leaves it alone', async () => {
    folder = new TestFolder(configText(twoServices));
    const first = await folder.up();
    const pids = await folder.pids();
    const { code, out, err } = await folder.run('up');
    expect(code).toBe(1);
    expect(out).toMatch(/echo-a +echo-a-1 +\d+ +\d+ {2}ready +0/);
    expect(err).toBe(
      `This topology runs already (pid ${first.pid}). ` +
        'Stop it with: npx holdfast down, or choose another --data.\n',
    );
    expect(await folder.pids()).toEqual(pids);
  });

  it('lets one of two that start together win', async () => {
    folder = new TestFolder(configText("'echo-a': { main, port: 0 }"));
    const both = [folder.start(['up']), folder.start(['up'])];
    const loser = await Promise.race(both.map((cli) => cli.exit.then(() => cli)));
    expect(loser.err).toMatch(/^This topology runs already/);
    const winner = both.find((cli) => cli !== loser);
    await winner?.sees(/All 3 are ready/);
  });

  it('runs beside the first with its own data', async () => {
    folder = new TestFolder(configText("'echo-a': { main, port: 0 }"));
    await folder.up();
    await folder.up(['--data', join(folder.path, 'second')]);
    expect((await folder.run('ps', '--data', 'second')).out).toMatch(/echo-a-1/);
    expect((await folder.run('--data', 'second', 'ps', '--json')).code).toBe(0);
  });
});
