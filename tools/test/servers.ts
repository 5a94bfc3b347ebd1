import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';

/** A server that some tests need: those in files called `*.<name>.test.ts`, and tidy sees to it. */
interface NeededServer {
  readonly name: string;
  readonly title: string;
  readonly port: number;
  /** A program that the tests start themselves. */
  readonly program: string;
  /** How to get one. */
  readonly start: string;
}

const servers: readonly NeededServer[] = [
  {
    name: 'redis',
    title: 'Redis',
    port: 6379,
    program: 'redis-server',
    start: 'redis-server --save "" (Debian: apt-get install redis-server)',
  },
];

/** What the tests that need a server, and the modules they use it by, are named after. */
export const serverNames: readonly string[] = servers.map(({ name }) => name);

export interface LeftOut {
  /** For vitest. */
  readonly args: readonly string[];
  readonly remarks: readonly string[];
}

/** The tests whose server is not there. CI has them all, so it leaves none out and sees them fail. */
export async function leaveOut(root: string, isCi: boolean): Promise<LeftOut> {
  const missing = isCi ? [] : await missingServers(root);
  return {
    args: missing.map(({ name }) => `--exclude=**/*.${name}.test.ts`),
    remarks: missing.map(
      ({ title, port, start }) =>
        `Left out: the tests that need ${title} at 127.0.0.1:${port}. To run them too: ${start}`,
    ),
  };
}

async function missingServers(root: string): Promise<readonly NeededServer[]> {
  const needed = servers.filter(({ name }) => {
    const exclude = ['**/node_modules/**'];
    return fs.globSync(`{src,systems,simulations}/**/*.${name}.test.ts`, { cwd: root, exclude }).length > 0;
  });
  const there = await Promise.all(
    needed.map(async ({ port, program }) => isInstalled(program) && (await listens(port))),
  );
  return needed.filter((_, index) => there[index] === false);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function isInstalled(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;
}
