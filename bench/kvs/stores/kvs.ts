import path from 'node:path';
import { freePorts } from '../../measure/ports.ts';
import { askJson, patienceMs } from './asking.ts';
import { type Member, Store } from './store.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const main = path.join(root, 'systems/kvs/replica/main.ts');
/** As `holdfast up` has it: without, half of a start is compiling. */
const compiled = path.join(root, 'node_modules/.cache/holdfast/compiled');
const clusterKey = 'a-key-that-only-this-bench-uses-0002';

/** Three replicas of our own store, as `holdfast up` would start them. */
export async function startKvs(folder: string, size = 3): Promise<Store> {
  const ports = await freePorts(size);
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  return Store.start(
    'kvs',
    folder,
    addresses.map((address) => member(address, addresses)),
  );
}

async function isWrittenOn(copies: number, url: string): Promise<boolean> {
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ value: 'yes', copies }),
    signal: AbortSignal.timeout(patienceMs),
  });
  await response.text();
  return response.status === 200 || response.status === 201;
}

function member(address: string, addresses: readonly string[]): Member {
  return {
    address,
    command: (data) => ({
      program: process.execPath,
      args: [main],
      env: {
        PORT: address.split(':')[1] as string,
        HOST: '127.0.0.1',
        SOCKET_ADDRESS: address,
        VIEW: addresses.join(','),
        DATA_DIR: data,
        CLUSTER_KEY: clusterKey,
        HOLDFAST_REGISTRY: 'none',
        NODE_COMPILE_CACHE: compiled,
      },
    }),
    // Confirmed on every disk: all are there, and linked to each other.
    isReady: () => isWrittenOn(addresses.length, `http://${address}/kvs/is-ready`),
    async read(key) {
      const { value } = await askJson(`http://${address}/kvs/${key}`);
      return value as string | undefined;
    },
  };
}
