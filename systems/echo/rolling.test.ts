import { afterEach, describe, expect, it } from 'vitest';
import { askUntil } from './testing/keep-alive.ts';
import { loadUntil, postUntil } from './testing/load.ts';
import { RunningTopology } from './testing/topology.ts';

let topology: RunningTopology | undefined;

afterEach(async () => {
  await topology?.stop();
  topology = undefined;
});

describe.each(['http', 'grpc'] as const)('a rolling restart, B calling A over %s', (via) => {
  it('of A, then of B, fails no request', async () => {
    const running = await RunningTopology.start(via);
    topology = running;
    const [gateway = ''] = running.addressesOf('gateway');
    const viaGateway = `${gateway}/echo-b/call-echo`;
    const direct = running.addressesOf('echo-b').map((address) => `${address}/call-echo`);

    const restartA = running.restart('echo-a');
    const ofA = await Promise.all([
      loadUntil(viaGateway, 30, restartA),
      postUntil(`${gateway}/echo-a/echo`, 20, restartA),
      ...direct.map((url) => loadUntil(url, 25, restartA)),
      askUntil(viaGateway, 1, restartA),
    ]);
    await restartA;
    const restartB = running.restart('echo-b');
    const ofB = await Promise.all([
      loadUntil(viaGateway, 80, restartB),
      postUntil(viaGateway, 20, restartB),
      askUntil(viaGateway, 1, restartB),
    ]);
    await restartB;

    expect(ofA.flatMap(({ failures }) => failures)).toEqual([]);
    expect(ofB.flatMap(({ failures }) => failures)).toEqual([]);
    for (const { sent } of [...ofA, ...ofB]) expect(sent).toBeGreaterThan(10);
  }, 90_000);
});
