import { expect } from 'vitest';
import { type Cluster, get, metadataOf, put, until } from '../../testing/cluster.ts';
import { limits } from './limits.ts';
import { newId } from './rogue-peer.ts';

/** Two replicas take writes and pass them on, and have not ended since they were started. */
export async function expectWell(cluster: Cluster): Promise<void> {
  const [one, other] = [cluster.at(0), cluster.at(1)];
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    const key = `well-${newId()}`;
    const written = await put(from, key, key);
    expect(written.status).toBe(201);
    const arrives = async () => (await get(to, key, metadataOf(written))).body.value === key;
    await until(arrives, 'what is written arrives', limits.waitMs);
  }
  for (const { lines } of cluster.replicas) expect(lines.join('\n')).not.toMatch(/FATAL/);
}
