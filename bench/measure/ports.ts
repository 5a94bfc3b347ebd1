import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below what Linux gives to outgoing connections, so that a server that is started again finds its port. */
const portMin = 20_000;
const portMax = 32_000;
const triesMax = 1_000;

/** Ports of loopback that nobody listens on, no two the same. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const held = new Map<number, Server>();
  for (let tries = 0; held.size < count && tries < triesMax; tries++) {
    const port = portMin + Math.floor(Math.random() * (portMax - portMin));
    const server = await listening(port);
    if (server !== undefined) held.set(port, server);
  }
  await Promise.all([...held.values()].map((server) => once(server.close(), 'close')));
  if (held.size < count) throw new Error(`There are no ${count} free ports from ${portMin} to ${portMax}.`);
  return [...held.keys()];
}

async function listening(port: number): Promise<Server | undefined> {
  const server = createServer().listen(port, '127.0.0.1');
  // `once` rejects on `error`: somebody listens there.
  return once(server, 'listening').then(
    () => server,
    () => undefined,
  );
}
