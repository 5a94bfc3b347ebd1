import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { keyHeader } from 'holdfast/std';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Cluster } from './testing/cluster.ts';
import { Instance } from './testing/instance.ts';
import { limits } from './testing/limits.ts';
import { freePort } from './testing/ports.ts';

/** `holdfast kvs ...` as a person types it, against replicas that run. */

const root = path.resolve(import.meta.dirname, '../..');
const bin = path.join(root, 'src/cli/bin.mjs');

const folders: string[] = [];
let folder: string;
let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start(3);
  folder = await folderFor(cluster.replicas.map(({ port }) => port));
}, limits.testMs);

afterAll(async () => {
  await cluster?.stop();
  for (const each of folders) await rm(each, { recursive: true, force: true });
});

/** Where the commands find replicas at these ports. */
async function folderFor(ports: readonly number[]): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'holdfast-kvs-cli-'));
  folders.push(made);
  const url = (file: string): string => JSON.stringify(pathToFileURL(path.join(root, file)).href);
  const own = { instances: ports.length, ports };
  const config = `
    import { defineConfig } from ${url('src/topology/index.ts')};
    import kvs from ${url('systems/kvs/system.ts')};
    export default defineConfig({ systems: [kvs], services: { kvs: ${JSON.stringify(own)} } });`;
  await writeFile(path.join(made, 'holdfast.config.ts'), config);
  return made;
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function kvs(...args: readonly string[]): Promise<Ran> {
  return kvsIn(folder, ...args);
}

function kvsIn(cwd: string, ...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const env = { ...process.env, CLUSTER_KEY: 'of this machine' };
    execFile(process.execPath, [bin, 'kvs', ...args], { cwd, env }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out: out.trim(), err: err.trim() });
    });
  });
}

it('puts, gets and deletes, each command after the one before, on any replica', {
  timeout: limits.testMs,
}, async () => {
  const [first = '', second = ''] = cluster.addresses;
  expect(await kvs('put', 'greeting', '"hello"')).toEqual({ code: 0, out: `created on ${first}`, err: '' });
  const token = (await kvs('token')).out;
  expect(token).toMatch(/^[\w-]+$/);
  expect(await readFile(path.join(folder, '.holdfast/kvs-token'), 'utf8')).toBe(`${token}\n`);
  expect(await kvs('put', 'a/b', 'no JSON', '--replica', '2', '--copies', '3')).toMatchObject({
    code: 0,
    out: `created on ${second}`,
  });
  expect(await kvs('put', 'number', '--', '-12345678901234567890')).toMatchObject({ code: 0 });
  expect((await kvs('get', 'number')).out).toBe('-12345678901234567890');
  expect(await kvs('get', 'a/b', '--replica', second)).toMatchObject({ code: 0, out: '"no JSON"' });
  expect(await kvs('delete', 'a/b')).toMatchObject({ code: 0, out: `deleted on ${first}` });
  const gone = await kvs('get', 'a/b');
  expect(gone).toEqual({ code: 1, out: '', err: `${first}: Key does not exist (404).` });
});

it('says what to do when a replica does not cover the last token', { timeout: limits.testMs }, async () => {
  await writeFile(path.join(folder, '.holdfast/kvs-token'), 'AQEAAan12Y9gvUceAw\n');
  const refused = await kvs('get', 'greeting');
  expect(refused.code).toBe(1);
  expect(refused.err).toContain('--fresh');
  expect((await kvs('get', 'greeting', '--fresh')).code).toBe(0);
  expect(await kvs('token', '--fresh')).toEqual({ code: 0, out: '', err: '' });
  expect((await kvs('token')).out).toBe('');
  // Also when there is nothing to be seen: what was seen before is not gone on from.
  await writeFile(path.join(folder, '.holdfast/kvs-token'), 'AQEAAan12Y9gvUceAw\n');
  expect((await kvs('get', 'none', '--fresh')).err).toContain('Key does not exist');
  expect((await kvs('token')).out).toBe('');
});

it('shows and changes the view', { timeout: limits.testMs }, async () => {
  expect((await kvs('view')).out.split('\n')).toEqual(cluster.addresses);
  const other = `127.0.0.1:${await freePort()}`;
  expect((await kvs('view', 'add', other)).out).toBe(`${other}: added`);
  expect((await kvs('view', 'remove', other)).out).toBe(`${other}: deleted`);
  expect(await kvs('view', 'remove', other)).toMatchObject({ code: 1 });
});

it('says why there is no view', { timeout: limits.testMs }, async () => {
  const alone = await new Instance(await freePort(), {}).start();
  const ran = await kvs('view', '--replica', alone.address);
  await alone.kill();
  const err = `${alone.address} is one store by itself: it has no view.`;
  expect(ran).toEqual({ code: 1, out: '', err });
  const proxy = await new Instance(await freePort(), { FORWARDING_ADDRESS: alone.address }).start();
  const passed = await kvs('view', '--replica', proxy.address);
  await proxy.kill();
  expect(passed).toEqual({ code: 1, out: '', err: `${proxy.address}: Cannot forward request (503).` });
});

it.each([
  [['put', 'a'], 'Usage: npx holdfast kvs put <key> <value>'],
  [['put', 'a', '-1'], 'a value that begins with a dash: put <key> -- <value>'],
  [['put', 'a', '1', '--copys', '2'], "Unknown option '--copys'. Usage:"],
  [['get'], 'Usage: npx holdfast kvs get <key>'],
  [['get', 'a', '--copies', '1'], 'Usage: npx holdfast kvs get <key>'],
  [['view', 'grow', 'x'], 'Usage: npx holdfast kvs view'],
  [['get', 'a', '--replica', '4'], 'There is no replica 4: they are numbered from 1 to 3.'],
  [['get', 'a', '--replica', 'x'], '--replica is a number from 1 on or host:port, not "x".'],
])('%j says how it is meant', { timeout: limits.testMs }, async (args, message) => {
  const ran = await kvs(...args);
  expect(ran.code).toBe(2);
  expect(ran.err).toContain(message);
});

it('takes any key', { timeout: limits.testMs }, async () => {
  for (const key of ['.', '..', 'a?b#c%', '💐']) {
    expect((await kvs('put', key, JSON.stringify(key))).code).toBe(0);
    expect((await kvs('get', key)).out).toBe(JSON.stringify(key));
  }
});

it('shows the cluster key to nobody who is asked for a key', { timeout: limits.testMs }, async () => {
  const seen: IncomingHttpHeaders[] = [];
  const stranger = createServer((request, response) => {
    seen.push(request.headers);
    response.end('{}');
  });
  await once(stranger.listen(0, '127.0.0.1'), 'listening');
  const { port } = stranger.address() as AddressInfo;
  await kvs('get', 'a', '--replica', `127.0.0.1:${port}`);
  await kvs('put', 'a', '1', '--replica', `127.0.0.1:${port}`);
  stranger.close();
  expect(seen.map((headers) => headers[keyHeader])).toEqual([undefined, undefined]);
});

it('goes to the next replica when one is down', { timeout: limits.testMs }, async () => {
  await kvs('put', 'shared', '1', '--copies', '3');
  await cluster.at(0).kill();
  expect(await kvs('get', 'shared')).toMatchObject({ code: 0, out: '1' });
  const down = await kvs('get', 'shared', '--replica', '1');
  expect(down.code).toBe(1);
  expect(down.err).toContain('cannot be reached (ECONNREFUSED)');
});

it('passes over one that is down and one that hangs', { timeout: limits.testMs }, async () => {
  cluster.at(1).pause();
  try {
    const out = `created on ${cluster.at(2).address}`;
    expect(await kvs('put', 'past', '1', '--fresh')).toMatchObject({ code: 0, out });
  } finally {
    cluster.at(1).resume();
  }
});

describe('a replica that takes a request and never answers it', () => {
  const seen: string[] = [];
  let stubs: readonly Server[];
  let cwd: string;

  beforeAll(async () => {
    stubs = ['breaks', 'stands'].map((name) =>
      createServer((request, response) => {
        seen.push(`${name}: ${request.method} ${request.url}`);
        if (request.url === '/ready' || name === 'stands') response.end('{"value":1,"view":[]}');
        else if (request.url === '/kvs/half') {
          response.writeHead(200, { 'content-length': 9 }).write('{', () => request.socket.destroy());
        } else request.socket.destroy();
      }),
    );
    for (const stub of stubs) await once(stub.listen(0, '127.0.0.1'), 'listening');
    cwd = await folderFor(stubs.map((stub) => (stub.address() as AddressInfo).port));
  });

  beforeEach(() => void seen.splice(0));
  afterAll(() => {
    for (const stub of stubs) stub.close();
  });

  it.each([
    [['put', 'a', '1'], 'PUT /kvs/a', 'kvs get <key>'],
    [['put', 'half', '1'], 'PUT /kvs/half', 'kvs get <key>'],
    [['delete', 'a'], 'DELETE /kvs/a', 'kvs get <key>'],
    [['view', 'add', '127.0.0.1:1'], 'PUT /view', 'kvs view'],
  ])('%j is asked of no other; that it may have been done is said', async (args, asked, look) => {
    const ran = await kvsIn(cwd, ...args);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(/ has not answered \(ECONNRESET\): it may or may not have been done\. /);
    expect(ran.err).toContain(look);
    expect(seen).toEqual(['breaks: GET /ready', `breaks: ${asked}`]);
  });

  it.each([
    [['get', 'a'], 'GET /kvs/a'],
    [['view'], 'GET /view'],
  ])('%j is asked of the next one', async (args, asked) => {
    expect((await kvsIn(cwd, ...args)).code).toBe(0);
    expect(seen).toContain(`stands: ${asked}`);
  });
});
