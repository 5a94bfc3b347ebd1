import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Child, measured } from '../measure/child.ts';
import { Load } from './load.ts';

const key = 'a-key-that-only-this-bench-uses-0001';
const registryMain = path.resolve(import.meta.dirname, '../../src/servers/registry/main.ts');

/** A registry and the clients made for it. */
export interface Candidate {
  readonly server: Child;
  readonly load: Load;
  stop(): Promise<void>;
}

export async function startHoldfast(): Promise<Candidate> {
  const server = await startRegistry(0);
  const load = new Load({
    address: `http://127.0.0.1:${server.port}`,
    key,
    announcersFile: path.join(import.meta.dirname, 'holdfast/announcers.ts'),
    watchersFile: path.join(import.meta.dirname, 'holdfast/watchers.ts'),
  });
  return { server, load, stop: () => stopAll(server, load) };
}

/** The registry's own process, as `holdfast up` starts it, its log thrown away. */
export async function startRegistry(port: number): Promise<Child> {
  const child = spawn(process.execPath, [registryMain], {
    env: { ...process.env, PORT: String(port), CLUSTER_KEY: key },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return measured(child, await readyPort(child));
}

function readyPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error('The registry ended before it was ready.')));
    child.on('message', (message) => {
      const { state, port } = message as { readonly state?: string; readonly port: number };
      if (state === 'ready') resolve(port);
    });
  });
}

export function hasEtcd(): boolean {
  return spawnSync('etcd', ['--version']).status === 0;
}

/** One etcd with its defaults: each write is on its disk before it is answered. */
export async function startEtcd(): Promise<Candidate> {
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-bench-etcd-'));
  const [client, peer] = [await freePort(), await freePort()];
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  const args = ['--data-dir', folder, '--log-level', 'error', '--name', 'bench'];
  args.push('--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl);
  args.push('--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl);
  args.push('--initial-cluster', `bench=${peerUrl}`);
  const child = spawn('etcd', args, { stdio: 'ignore' });
  // Whatever ends the bench: etcd does not notice, and would go on.
  const end = (): void => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', end);
  child.once('exit', end);
  await healthy(`${clientUrl}/health`);
  const server = measured(child, client);
  const load = new Load({
    address: `127.0.0.1:${client}`,
    key,
    announcersFile: path.join(import.meta.dirname, 'etcd/announcers.ts'),
    watchersFile: path.join(import.meta.dirname, 'etcd/watchers.ts'),
  });
  return { server, load, stop: () => stopAll(server, load) };
}

async function stopAll(server: Child, load: Load): Promise<void> {
  await load.stop();
  await server.stop();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function healthy(url: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const isHealthy = await fetch(url).then(
      async (response) => response.ok && (await response.text()).includes('true'),
      () => false,
    );
    if (isHealthy) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Nothing healthy answers at ${url}.`);
}
