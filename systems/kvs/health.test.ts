import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';

/** The health check of the image, as a process. */

const server = createServer((request, response) => {
  response.writeHead(request.url === '/ready' ? 200 : 404).end();
});

afterEach(() => void server.close());

async function isHealthy(env: Readonly<Record<string, string>>): Promise<boolean> {
  const check = promisify(execFile)(process.execPath, [path.join(import.meta.dirname, 'health.ts')], {
    env,
  });
  return check.then(
    () => true,
    () => false,
  );
}

it.each([
  // As it listens, as it is told, and where it does not.
  ['127.0.0.1', ['', '0.0.0.0', '::', '[::]', '127.0.0.1', ' localhost '], '127.0.0.2'],
  ['127.0.0.2', ['127.0.0.2'], '0.0.0.0'],
  ['::1', ['::1', '[::1]'], '127.0.0.1'],
])('asks an instance on %s where it listens', async (at, hosts, elsewhere) => {
  await once(server.listen(0, at), 'listening');
  const PORT = String((server.address() as AddressInfo).port);
  for (const HOST of hosts) expect([HOST, await isHealthy({ HOST, PORT })]).toEqual([HOST, true]);
  expect(await isHealthy({ HOST: elsewhere, PORT })).toBe(false);
  if (at === '127.0.0.1') expect(await isHealthy({ SOCKET_ADDRESS: `10.0.0.1:${PORT}` })).toBe(true);
});
