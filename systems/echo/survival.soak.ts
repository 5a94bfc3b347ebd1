import { afterEach, expect, it } from 'vitest';
import { Cluster } from './testing/cluster.ts';
import { loadUntil } from './testing/load.ts';

let cluster: Cluster | undefined;

afterEach(async () => {
  await cluster?.stop();
});

async function pass(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

it('the registry away for 30 s at 200 requests/s: nobody notices', async () => {
  const made = await Cluster.start('http');
  cluster = made;
  const stop = (async () => {
    await pass(1_000);
    await made.registry.kill();
    await pass(30_000);
    await made.restartRegistry();
    await pass(10_000);
  })();
  const { failures, sent } = await loadUntil(made.callEcho, 200, stop);
  expect(failures).toEqual([]);
  expect(sent).toBeGreaterThan(8_000);
}, 120_000);

it.each(['http', 'grpc'] as const)(
  'an instance killed with -9 every second for a minute over %s: no error',
  async (via) => {
    const made = await Cluster.start(via);
    cluster = made;
    const stop = (async () => {
      const live = [...made.instances];
      for (let round = 0; round < 30; round++) {
        await pass(1_000);
        await live.shift()?.kill();
        live.push(await made.startA((round % 2) + 1));
      }
    })();
    const { failures, sent } = await loadUntil(made.callEcho, 200, stop);
    expect(failures).toEqual([]);
    expect(sent).toBeGreaterThan(6_000);
  },
  180_000,
);
