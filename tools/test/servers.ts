import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';

/**
 * A server, or something else of the machine, that some tests need: those in files called
 * `*.<name>.test.ts`, and tidy sees to it.
 */
interface NeededServer {
  readonly name: string;
  readonly title: string;
  isThere(): Promise<boolean>;
  /** How to get it. */
  readonly start: string;
}

const servers: readonly NeededServer[] = [
  {
    name: 'redis',
    title: 'Redis at 127.0.0.1:6379',
    // The tests start further ones themselves.
    isThere: async () => succeeds('redis-server', '--version') && (await listens(6379)),
    start: 'redis-server --save "" (Debian: apt-get install redis-server)',
  },
  {
    name: 'netns',
    title: 'network namespaces',
    isThere: async () => succeeds('nft', '--version') && succeeds('unshare', ...bridgeOfItsOwn()),
    start: 'be root, or allow user namespaces (Debian: apt-get install util-linux iproute2 nftables)',
  },
];

/** What those tests begin with, as root or as the root of a user namespace. */
function bridgeOfItsOwn(): string[] {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  return [...user, '--net', 'ip', 'link', 'add', 'sw', 'type', 'bridge'];
}

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
      ({ title, start }) => `Left out: the tests that need ${title}. To run them too: ${start}`,
    ),
  };
}

async function missingServers(root: string): Promise<readonly NeededServer[]> {
  const needed = servers.filter(({ name }) => {
    const exclude = ['**/node_modules/**'];
    return fs.globSync(`{src,systems,simulations}/**/*.${name}.test.ts`, { cwd: root, exclude }).length > 0;
  });
  const there = await Promise.all(needed.map((server) => server.isThere()));
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

function succeeds(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}
