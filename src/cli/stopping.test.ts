import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { type Cli, configText, gone, TestFolder, twoServices, waitMs } from './testing/harness.ts';
import { runs } from './up/driver/processes.ts';

let folder: TestFolder;
afterEach(() => folder.close());

const stubborn = "'echo-a': { main, port: 0, env: { MODE: 'stubborn' } }, 'echo-b': { main, port: 0 }";
/** Longer than signals that count as one. */
const pressAgainMs = 60;

describe('stopping', { timeout: waitMs }, () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    '%s drains the gateway first and the registry last',
    async (signal) => {
      folder = new TestFolder(configText(twoServices));
      const up = await folder.up();
      const pids = await folder.pids();
      up.child.kill(signal);
      expect(await up.exit).toEqual({ code: 0, signal: null });
      await gone(pids, 0);
      const told = up.out.slice(up.out.search(/holdfast \| (Stopping|The terminal is gone)/));
      const order = [...told.matchAll(/holdfast \| (\S+) has stopped\./g)].map(([, name]) => name);
      expect(order[0]).toBe('gateway');
      expect(order.slice(1, 4).toSorted()).toEqual(['echo-a-1', 'echo-a-2', 'echo-b-1']);
      expect(order[4]).toBe('registry');
      expect(told).toMatch(/holdfast \| Stopped 5 processes in [\d.]+ m?s\.\n$/);
      expect(existsSync(join(folder.data, 'up.json'))).toBe(false);
      expect(await folder.run('ps')).toMatchObject({
        code: 1,
        err: 'Nothing runs here. Start it with: npx holdfast up\n',
      });
      expect(await folder.run('ps', '--json')).toMatchObject({ code: 1, out: '[]\n' });
    },
  );

  it('down does it from another terminal', async () => {
    folder = new TestFolder(configText(twoServices));
    const up = await folder.up();
    const pids = await folder.pids();
    const { code, out } = await folder.run('down');
    expect(code).toBe(0);
    expect(out).toMatch(/^Stopped 5 processes in [\d.]+ m?s\.\n$/);
    await gone(pids, 0);
    expect(await up.exit).toEqual({ code: 0, signal: null });
    expect(await folder.run('down')).toMatchObject({ code: 0, out: 'Nothing runs here.\n' });
  });

  it('a second Ctrl-C kills at once what does not stop', async () => {
    folder = new TestFolder(configText(stubborn));
    const up = await folder.up();
    const pids = await folder.pids();
    up.child.kill('SIGINT');
    await up.sees(/echo-b-1 has stopped/);
    await setTimeout(pressAgainMs);
    const pressedMs = performance.now();
    up.child.kill('SIGINT');
    expect(await up.exit).toEqual({ code: 130, signal: null });
    expect(performance.now() - pressedMs).toBeLessThan(1000);
    await gone(pids, 0);
    expect(up.out).toContain('holdfast | Killing what is left.\n');
  });

  it('stops during the start as well', async () => {
    folder = new TestFolder(configText("'echo-a': { main, port: 0, env: { MODE: 'slow' } }"));
    const up = folder.start(['up']);
    await up.sees(/echo-a-1 \| INFO listening/);
    const pids = await folder.pids();
    up.child.kill('SIGINT');
    expect(await up.exit).toEqual({ code: 0, signal: null });
    await gone(pids, 0);
    expect(up.out).not.toContain('are ready');
  });
});

describe('a killed up', { timeout: waitMs }, () => {
  it('takes everything with it within 2 s: the paused and the stubborn too', async () => {
    const services = `${stubborn}, 'echo-c': { main, port: 0 }`;
    folder = new TestFolder(configText(services));
    const up = await folder.up();
    const pids = await folder.pids();
    expect(pids).toHaveLength(5);
    await folder.run('pause', 'echo-a', 'echo-c');
    up.child.kill('SIGKILL');
    expect(await up.exit).toEqual({ code: null, signal: 'SIGKILL' });
    await gone(pids, 2000);
    expect(await folder.run('ps')).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        `^holdfast up \\(pid ${up.pid}\\) was killed, and what it ran ended with it\\. `,
      ),
    });
    expect((await folder.run('down')).code).toBe(0);
  });

  it('leaves alone what runs otherwise, and the guard ends with the last', async () => {
    folder = new TestFolder(configText(twoServices));
    const up = await folder.up();
    const pids = await folder.pids();
    const guards = guardsOf(up.pid);
    expect(guards).toHaveLength(1);
    up.child.kill('SIGKILL');
    await gone([...pids, ...guards], 2000);
    expect(runs(process.pid)).toBe(true);
  });

  it('is replaced by the next one, on the same ports, while its children still end', async () => {
    const [port, other] = await freePorts(2);
    folder = new TestFolder(
      configText(`'echo-a': { main, port: ${port}, env: { MODE: 'deaf' } }, b: { main, port: ${other} }`),
    );
    const first = await folder.up();
    first.child.kill('SIGKILL');
    await first.exit;
    const second = await folder.up();
    expect((await folder.row('echo-a-1')).port).toBe(port);
    const record = JSON.parse(readFileSync(join(folder.data, 'up.json'), 'utf8')) as { pid: number };
    expect(record.pid).toBe(second.pid);
  });
});

describe('what a service has started itself', { timeout: waitMs }, () => {
  /** Starts `up` and resolves with the pid of a process that echo-a started. */
  const grandchild = async (): Promise<{ up: Cli; pid: number }> => {
    folder = new TestFolder(configText("'echo-a': { main, port: 0, env: { MODE: 'parent' } }"));
    const up = await folder.up();
    await up.sees(/child pid=\d+\n/);
    return { up, pid: Number(/child pid=(\d+)\n/.exec(up.out)?.[1]) };
  };

  it('ends with it', async () => {
    const { pid } = await grandchild();
    process.kill((await folder.row('echo-a-1')).pid ?? 0, 'SIGTERM');
    await gone([pid], 2000);
  });

  it('ends with down', async () => {
    const { pid } = await grandchild();
    await folder.run('down');
    await gone([pid], 0);
  });

  it('ends with a killed up', async () => {
    const { up, pid } = await grandchild();
    up.child.kill('SIGKILL');
    await gone([pid], 2500);
  });
});

describe('a lost parent', { timeout: waitMs }, () => {
  const bin = fileURLToPath(new URL('./bin.mjs', import.meta.url));
  const older = ['/usr/bin/node', '/usr/local/bin/node'].find((file) => existsSync(file));

  const allReady = async (): Promise<number[]> => {
    await expect.poll(() => existsSync(join(folder.data, 'up.json')), { timeout: waitMs }).toBe(true);
    const states = async (): Promise<string[]> => (await folder.rows()).map(({ state }) => state);
    await expect.poll(states, { timeout: waitMs }).toEqual(['ready', 'ready', 'ready']);
    return folder.pids();
  };

  it('stops an up that npm started', async () => {
    folder = new TestFolder(configText("'echo-a': { main, port: 0 }"));
    folder.write(
      'package.json',
      JSON.stringify({ scripts: { start: `true && "${process.execPath}" "${bin}" up` } }),
    );
    const npm = spawn('npm', ['start'], { cwd: folder.path, stdio: 'ignore', detached: true });
    const pids = await allReady();
    npm.kill('SIGKILL');
    await gone(pids, 3000);
    await expect.poll(() => existsSync(join(folder.data, 'up.json'))).toBe(false);
    expect((await folder.run('logs', 'holdfast')).out).toContain('What started this is gone: stopping.');
  });

  it.runIf(older !== undefined)('stops an up that bin.mjs started on another Node', async () => {
    folder = new TestFolder(configText("'echo-a': { main, port: 0 }"));
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const launcher = spawn(older ?? '', [bin, 'up'], {
        cwd: folder.path,
        stdio: 'ignore',
        detached: true,
      });
      const exit = once(launcher, 'exit');
      const pids = await allReady();
      launcher.kill(signal);
      await gone(pids, 3000);
      expect(await exit).toEqual(signal === 'SIGKILL' ? [null, 'SIGKILL'] : [0, null]);
      await expect.poll(() => existsSync(join(folder.data, 'up.json'))).toBe(false);
    }
  });
});

/** The guard of an `up`: its child that is a shell. */
function guardsOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  return children.filter((child) => readFileSync(`/proc/${child}/comm`, 'utf8').trim() === 'sh');
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
