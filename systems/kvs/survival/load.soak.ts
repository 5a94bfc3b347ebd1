import { setTimeout as pass } from 'node:timers/promises';
import { Pool } from 'undici';
import { afterEach, expect, it } from 'vitest';
import { Cluster, get, metadataOf, put, until } from '../testing/cluster.ts';
import { limits } from './testing/limits.ts';
import { Load } from './testing/load.ts';
import { residentMib } from './testing/memory.ts';

let cluster: Cluster;

afterEach(() => cluster?.stop());

/** Of all replicas together; one of a bench uses 64. */
const connections = 2_000;
const overloadMs = 10_000;
const grownMibMax = 200;

it('2,000 connections that never pause: all are answered, memory is bounded, nothing is lost', async () => {
  cluster = await Cluster.start(3);
  const steady = new Load(cluster.replicas, 3).start();
  await steady.more(100);
  const before = cluster.replicas.map(residentMib);
  const statuses = new Map<number | string, number>();
  const endMs = performance.now() + overloadMs;
  await Promise.all(
    cluster.replicas.map((replica) => overload(`http://${replica.address}`, endMs, statuses)),
  );
  const told = JSON.stringify([...statuses]);
  expect(
    [...statuses.keys()].filter((status) => ![200, 201, 503].includes(status as number)),
    told,
  ).toEqual([]);
  await steady.everybody();
  await steady.stop();
  await steady.verify();
  for (const [index, replica] of cluster.replicas.entries()) {
    const grown = async (): Promise<boolean> =>
      residentMib(replica) < (before[index] as number) + grownMibMax;
    await until(grown, `${replica.address} has given memory back, ${told}`, limits.waitMs);
  }
});

async function overload(url: string, endMs: number, statuses: Map<number | string, number>): Promise<void> {
  const each = Math.ceil(connections / 3);
  const pool = new Pool(url, { connections: each, headersTimeout: 60_000, connect: { timeout: 60_000 } });
  const client = async (number: number): Promise<void> => {
    for (let count = 0; performance.now() < endMs; count++) {
      const path = `/kvs/load-${number % 500}`;
      const status = await pool
        .request({ method: 'PUT', path, body: JSON.stringify({ value: `${number}.${count}` }) })
        .then(async (answer) => {
          await answer.body.dump();
          return answer.statusCode;
        })
        .catch((error) => String(error));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: each }, (_, number) => client(number)));
  await pool.destroy();
}

it.each([1_000, 3_000, 10_000])('one replica stopped for %i ms under load, and continued', async (ms) => {
  cluster = await Cluster.start(3);
  const load = new Load(cluster.replicas, 6).start();
  for (const replica of cluster.replicas) {
    await load.more(50);
    replica.pause();
    await pass(ms);
    replica.resume();
    await load.everybody();
  }
  await load.stop();
  await load.verify();
});

it('all replicas stopped for 5 s and continued: nobody is lost, all is taken up again', async () => {
  cluster = await Cluster.start(3);
  const load = new Load(cluster.replicas, 6).start();
  await load.more(100);
  for (const replica of cluster.replicas) replica.pause();
  await pass(5_000);
  for (const replica of cluster.replicas) replica.resume();
  await load.everybody();
  await load.more(100);
  await load.stop();
  await load.verify();
  await cluster.whole();
  const kept = await put(cluster.at(0), 'after', 1);
  const arrives = async () => (await get(cluster.at(2), 'after', metadataOf(kept))).status === 200;
  await until(arrives, 'replication goes on', limits.waitMs);
});
