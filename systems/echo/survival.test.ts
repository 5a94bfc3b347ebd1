import { afterEach, describe, expect, it } from 'vitest';
import { Cluster } from './testing/cluster.ts';
import { loadUntil } from './testing/load.ts';

let cluster: Cluster | undefined;

afterEach(async () => {
  await cluster?.stop();
});

async function pass(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

describe.each(['http', 'grpc'] as const)('over %s at 200 requests/s', (via) => {
  it('an instance killed with -9, and again, is felt as latency, not as an error', async () => {
    const made = await Cluster.start(via);
    cluster = made;
    const { failures, sent } = await loadUntil(made.callEcho, 200, killTwice(made));
    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(300);
  }, 60_000);
});

/** The instances one after the other, the first of them back in between. */
async function killTwice(made: Cluster): Promise<void> {
  const [first, second] = made.instances;
  await pass(700);
  await first?.kill();
  await pass(700);
  await made.startA(1);
  await pass(500);
  await second?.kill();
  await pass(700);
}

describe('the registry away', () => {
  // Longer than the leases last; the soak test takes thirty seconds.
  it('is not noticed, nor is its return', async () => {
    const made = await Cluster.start('http');
    cluster = made;
    const { failures } = await loadUntil(made.callEcho, 200, registryAway(made, 8_000));
    expect(failures).toEqual([]);
  }, 60_000);
});

async function registryAway(made: Cluster, forMs: number): Promise<void> {
  await made.registry.kill();
  await pass(forMs);
  await made.restartRegistry();
  await Promise.all(made.instances.map((a) => a.line(/ registered .*again/)));
  await made.instances[0]?.kill();
  await pass(1_000);
}
