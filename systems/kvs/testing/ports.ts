import { once } from 'node:events';
import { createServer } from 'node:net';
import { limits } from './limits.ts';

const given = new Set<number>();

/**
 * A port of loopback that nobody listens on. Below those that the system gives to outgoing connections: a
 * replica that is killed finds its own free when it is started again.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = limits.portMin + Math.floor(Math.random() * (limits.portMax - limits.portMin));
    if (given.has(port)) continue;
    const server = createServer().listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    given.add(port);
    await once(server.close(), 'close');
    return port;
  }
}
