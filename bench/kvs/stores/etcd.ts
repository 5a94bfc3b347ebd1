import { freePorts } from '../../measure/ports.ts';
import { requireProgram } from '../../measure/programs.ts';
import { askJson } from './asking.ts';
import { type Member, Store } from './store.ts';

/** Three members of etcd with its defaults: each write is on the disks of two before it is answered. */
export async function startEtcd(folder: string, size = 3): Promise<Store> {
  requireProgram('etcd', 'etcd-server');
  const ports = await freePorts(2 * size);
  const names = Array.from({ length: size }, (_, index) => `etcd-${index + 1}`);
  const clientUrls = ports.slice(0, size).map(urlOf);
  const peerUrls = ports.slice(size).map(urlOf);
  const cluster = names.map((name, index) => `${name}=${peerUrls[index]}`).join(',');
  const members = names.map((name, index) =>
    member(name, clientUrls[index] as string, peerUrls[index] as string, cluster),
  );
  return Store.start('etcd', folder, members);
}

function member(name: string, clientUrl: string, peerUrl: string, cluster: string): Member {
  return {
    address: clientUrl.slice('http://'.length),
    command: (data) => ({
      program: 'etcd',
      args: [
        ...['--name', name, '--data-dir', data, '--log-level', 'error'],
        ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
        ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
        ...['--initial-cluster', cluster],
      ],
    }),
    // It says so only when it has a leader.
    isReady: async () => (await askJson(`${clientUrl}/health`)).health === 'true',
    async read(key) {
      const range = { key: Buffer.from(key).toString('base64'), serializable: true };
      const { kvs } = await askJson(`${clientUrl}/v3/kv/range`, range);
      const value = (kvs as readonly { readonly value: string }[] | undefined)?.[0]?.value;
      return value === undefined ? undefined : Buffer.from(value, 'base64').toString();
    },
  };
}

const urlOf = (port: number): string => `http://127.0.0.1:${port}`;
