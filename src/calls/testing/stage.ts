import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Host } from '../../host/index.ts';
import { nodeHost } from '../../host/node/index.ts';
import { HoldfastError } from '../../std/index.ts';
import type { Calls } from '../caller.ts';
import { createCalls } from '../calls.ts';
import { fixedDiscovery, type Instance } from '../discovery.ts';
import type { CallsEvent } from '../events.ts';
import type { UpstreamPolicy } from '../policy.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Sends the body back, and what else it heard in headers. */
export const echo: Handler = (request, response) => {
  response.setHeader('x-method', request.method ?? '');
  response.setHeader('x-path', request.url ?? '');
  response.setHeader('x-heard', JSON.stringify(request.headers));
  request.pipe(response);
};

/** Real servers and the calls to them, all taken down by `clear`. */
export class Stage {
  readonly host: Host = nodeHost({ faultsAllowed: true });
  readonly #cleanups: (() => unknown)[] = [];

  later(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup);
  }

  async clear(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
  }

  /** The port of a server that answers with `handler`. */
  async http(handler: Handler): Promise<number> {
    const server = createServer(handler);
    this.later(() => {
      server.closeAllConnections();
      server.close();
    });
    return listening(server);
  }

  /** The port of a server that speaks whatever `onSocket` says. */
  async raw(onSocket: (socket: Socket) => void): Promise<number> {
    const sockets = new Set<Socket>();
    const server = createTcpServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => sockets.delete(socket));
      onSocket(socket);
    });
    this.later(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return listening(server);
  }

  /** A port where nobody listens. */
  async freePort(): Promise<number> {
    const server = createTcpServer();
    const port = await listening(server);
    server.close();
    await once(server, 'close');
    return port;
  }

  /** Calls to service `a`, its instances `a-1`, `a-2` ... at these ports. */
  calls(ports: readonly number[], policy: UpstreamPolicy = {}): Calls & { events: CallsEvent[] } {
    const events: CallsEvent[] = [];
    const discovery = fixedDiscovery({ a: ports.map((port, index) => instanceOn(port, index + 1)) });
    const observe = (event: CallsEvent): unknown => events.push(event);
    const calls = createCalls({ host: this.host, discovery, observe, policies: { a: policy } });
    this.later(() => calls.close());
    return Object.assign(calls, { events });
  }
}

export const instanceOn = (port: number, index = 1): Instance => ({
  id: `a-${index}`,
  incarnation: 'i',
  host: '127.0.0.1',
  port,
  state: 'ready',
  weight: 1,
});

/** The HoldfastError that the promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<HoldfastError> {
  const reason = await promise.then(
    (value) => new Error('there was an answer', { cause: value }),
    (error: unknown) => error,
  );
  if (reason instanceof HoldfastError) return reason;
  throw reason;
}

/** The value of `count` once it has not changed for fifty turns in a row. */
export async function settled(count: () => number, turn: () => Promise<unknown>): Promise<number> {
  let last = count();
  for (let unchanged = 0; unchanged < 50; unchanged++) {
    await turn();
    if (count() !== last) unchanged = 0;
    last = count();
  }
  return last;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
