import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { UpstreamState } from '../calls/index.ts';
import { startUnderTest } from './testing/service-under-test.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function answering(status: number): Promise<string> {
  const server = createServer((_, response) => {
    response.statusCode = status;
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function caller(key?: string) {
  const address = await answering(200);
  const made = await startUnderTest(
    {
      upstreams: { backend: { balance: 'round-robin', inFlightMax: 7 } },
      addresses: () => ({ backend: address }),
      http(app, { calls }) {
        app.get('/pass', async () => (await calls.request('backend', { path: '/' })).status);
      },
    },
    key === undefined ? {} : { env: { HOLDFAST_REGISTRY: 'none', CLUSTER_KEY: key } },
  );
  cleanups.push(() => made.stop());
  return made;
}

describe('what a service says of its calls', () => {
  it('is how each instance is called, by the policy of its definition', async () => {
    const made = await caller();
    for (let index = 0; index < 3; index++) await fetch(made.url('/pass'));
    const response = await fetch(made.url('/_holdfast/calls?service=backend'));
    const { upstreams } = (await response.json()) as { upstreams: UpstreamState[] };
    expect(upstreams).toEqual([
      expect.objectContaining({
        service: 'backend',
        balance: 'round-robin',
        inFlightMax: 7,
        lookup: 'known',
        instances: [
          expect.objectContaining({
            id: 'backend',
            use: 'preferred',
            why: 'healthy',
            picks: 3,
            good: 3,
            bad: 0,
          }),
        ],
      }),
    ]);
  });

  it('is empty for a service it does not call, and all without a name', async () => {
    const made = await caller();
    const upstreamsAt = async (query: string): Promise<unknown[]> =>
      ((await (await fetch(made.url(`/_holdfast/calls${query}`))).json()) as { upstreams: unknown[] })
        .upstreams;
    expect(await upstreamsAt('?service=nobody')).toEqual([]);
    expect(await upstreamsAt('')).toHaveLength(1);
  });

  it('is internal, and asks for one name', async () => {
    const made = await caller('k'.repeat(32));
    expect((await fetch(made.url('/_holdfast/calls'))).status).toBe(401);
    const headers = { 'x-holdfast-key': 'k'.repeat(32) };
    expect((await fetch(made.url('/_holdfast/calls'), { headers })).status).toBe(200);
    const twice = await fetch(made.url('/_holdfast/calls?service=a&service=b'), { headers });
    expect(twice.status).toBe(400);
    expect(JSON.stringify(await twice.json())).toContain('Name one service: ?service=echo-a');
  });
});
