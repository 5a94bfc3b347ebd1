import { afterEach, expect, it } from 'vitest';
import { askUntil } from './testing/keep-alive.ts';
import { loadUntil, postUntil } from './testing/load.ts';
import type { LoadResult } from './testing/tally.ts';
import { RunningTopology } from './testing/topology.ts';

let topology: RunningTopology | undefined;

afterEach(async () => {
  await topology?.stop();
  topology = undefined;
});

const timeoutMs = 5 * 60_000;

async function restartTenTimes(running: RunningTopology, service: string): Promise<void> {
  for (let round = 0; round < 10; round++) await running.restart(service);
}

function expectNoFailure(results: readonly LoadResult[], sentMin: number): void {
  expect(results.flatMap(({ failures }) => failures)).toEqual([]);
  expect(results.reduce((sum, { sent }) => sum + sent, 0)).toBeGreaterThanOrEqual(sentMin);
}

it.each(['http', 'grpc'] as const)(
  'ten rolling restarts of A at 300 requests/s, B calling A over %s: no request fails',
  async (via) => {
    const running = await RunningTopology.start(via);
    topology = running;
    const [gateway = ''] = running.addressesOf('gateway');
    const restarted = restartTenTimes(running, 'echo-a');
    const results = await Promise.all([
      loadUntil(`${gateway}/echo-b/call-echo`, 100, restarted),
      postUntil(`${gateway}/echo-a/echo`, 50, restarted),
      ...running.addressesOf('echo-b').map((each) => loadUntil(`${each}/call-echo`, 75, restarted)),
    ]);
    await restarted;
    expectNoFailure(results, 3_000);
  },
  timeoutMs,
);

it.each(['http', 'grpc'] as const)(
  'ten rolling restarts of B at 300 requests/s, B calling A over %s: no request fails',
  async (via) => {
    const running = await RunningTopology.start(via);
    topology = running;
    const [gateway = ''] = running.addressesOf('gateway');
    const restarted = restartTenTimes(running, 'echo-b');
    const results = await Promise.all([
      loadUntil(`${gateway}/echo-b/call-echo`, 250, restarted),
      postUntil(`${gateway}/echo-b/call-echo`, 50, restarted),
    ]);
    await restarted;
    expectNoFailure(results, 3_000);
  },
  timeoutMs,
);

it(
  'clients that keep one connection each lose none of 10,000 requests while A and B restart',
  async () => {
    const running = await RunningTopology.start('http');
    topology = running;
    const [gateway = ''] = running.addressesOf('gateway');
    const restarted = running.restart('echo-b').then(() => running.restart('echo-a'));
    const result = await askUntil(`${gateway}/echo-b/call-echo`, 10, restarted, 1_000);
    await restarted;
    expectNoFailure([result], 10_000);
  },
  timeoutMs,
);
