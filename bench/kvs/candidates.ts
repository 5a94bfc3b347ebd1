import type { Target } from './load.ts';
import { startEtcd } from './stores/etcd.ts';
import { startKvs } from './stores/kvs.ts';
import { startRedis } from './stores/redis.ts';
import type { Store } from './stores/store.ts';

export type Operation = 'put' | 'get';

/** A store, and a way to use it. */
export interface Candidate {
  readonly name: string;
  readonly store: Store;
  readonly target: Target;
  readonly operations: readonly Operation[];
  /** Requests in flight share one connection to each server, as those of one gRPC client do. */
  readonly sharesConnections?: boolean;
}

export interface Stores {
  readonly kvs: Store;
  readonly etcd: Store;
  readonly redis: Store;
}

export async function startStores(folder: string): Promise<Stores> {
  const started: Store[] = [];
  const keep = async (store: Promise<Store>): Promise<Store> => {
    started.push(await store);
    return store;
  };
  try {
    return {
      kvs: await keep(startKvs(folder)),
      etcd: await keep(startEtcd(folder)),
      redis: await keep(startRedis(folder)),
    };
  } catch (error) {
    await Promise.all(started.map((store) => store.stop()));
    throw error;
  }
}

export const names = {
  kvs: 'kvs',
  kvsDurable: 'kvs, copies 2',
  kvsCausal: 'kvs, with causal metadata',
  kvsDurableCausal: 'kvs, copies 2, with causal metadata',
  kvsAlone: 'kvs, copies 1',
  etcdHttp: 'etcd, HTTP',
  etcdGrpc: 'etcd, gRPC',
  etcdGrpcShared: 'etcd, gRPC, a connection a server',
  redis: 'Redis, appendfsync always',
} as const;

export function candidatesOf({ kvs, etcd, redis }: Stores): readonly Candidate[] {
  const toKvs = (...options: readonly string[]): Target => ({
    protocol: 'kvs',
    addresses: kvs.addresses,
    options,
  });
  const toEtcd = (protocol: 'etcd-json' | 'etcd-grpc'): Target => ({ protocol, addresses: etcd.addresses });
  const both: readonly Operation[] = ['put', 'get'];
  return [
    { name: names.kvsDurable, store: kvs, target: toKvs('--copies', '2'), operations: ['put'] },
    { name: names.kvs, store: kvs, target: toKvs(), operations: ['get'] },
    { name: names.etcdHttp, store: etcd, target: toEtcd('etcd-json'), operations: both },
    { name: names.etcdGrpc, store: etcd, target: toEtcd('etcd-grpc'), operations: both },
    {
      ...{ name: names.etcdGrpcShared, store: etcd, target: toEtcd('etcd-grpc') },
      ...{ operations: both, sharesConnections: true },
    },
    {
      ...{ name: names.kvsDurableCausal, store: kvs },
      ...{ target: toKvs('--copies', '2', '--causal'), operations: ['put'] },
    },
    { name: names.kvsCausal, store: kvs, target: toKvs('--causal'), operations: ['get'] },
    { name: names.kvsAlone, store: kvs, target: toKvs('--copies', '1'), operations: ['put'] },
    {
      ...{ name: names.redis, store: redis, operations: both },
      target: { protocol: 'redis', addresses: redis.addresses },
    },
  ];
}
