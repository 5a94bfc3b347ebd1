import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../limits.ts';
import { startControlServer } from './control-server.ts';

const list = { id: 'x', pid: 1, startedAt: '', config: '', draining: false, processes: [] };
let started: Awaited<ReturnType<typeof startControlServer>>;
let sockets: Socket[];
beforeEach(async () => {
  sockets = [];
  started = await startControlServer('key', {
    list: () => list,
    act: async () => ({ results: [] }),
    down: async () => ({ stopped: 0, tookMs: 0 }),
  });
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  started.server.close();
});

async function stranger(): Promise<Socket> {
  const socket = connect(started.port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

const ask = (): Promise<Response> =>
  fetch(`http://127.0.0.1:${started.port}/v1/processes`, {
    headers: { 'x-holdfast-key': 'key' },
    signal: AbortSignal.timeout(2000),
  });

describe('the control server', () => {
  it('answers however many connections without a key there are', async () => {
    for (let count = 0; count < limits.controlStrangersMax; count++) await stranger();
    for (let count = 0; count < 3; count++) expect(await (await ask()).json()).toEqual(list);
    for (let count = 0; count < limits.controlConnectionsMax; count++) await stranger();
    expect((await ask()).status).toBe(200);
    const open = await new Promise((resolve) =>
      started.server.getConnections((_, count) => resolve(count)),
    );
    expect(open).toBeLessThanOrEqual(limits.controlStrangersMax);
  });

  it('closes a connection that asks nothing soon after its time', { timeout: 10_000 }, async () => {
    const socket = await stranger();
    const openedMs = performance.now();
    socket.resume();
    await once(socket, 'close');
    const bound = limits.controlAnswerMaxMs + 2 * limits.controlCheckMs;
    expect(performance.now() - openedMs).toBeLessThan(bound + 500);
  });
});
