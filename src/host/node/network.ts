import { createServer, type Server, Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Disturbance, Faults } from '../faults.ts';
import type {
  Accept,
  Address,
  Connection,
  ConnectionHandlers,
  Listener,
  ListenOutcome,
  Network,
} from '../network.ts';
import { NodeConnection } from './connection.ts';
import { networkFailure } from './failure.ts';

/**
 * TCP over node:net. A fault's `peer` is a remote address, `host:port`, or `host` for all its ports; a
 * pause holds every connection.
 */
export class NodeNetwork implements Network {
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #connections = new Set<NodeConnection>();

  constructor(clock: Clock, faults: Faults) {
    this.#clock = clock;
    this.#faults = faults;
    faults.onChange(() => {
      for (const connection of this.#connections) connection.review();
    });
  }

  listen(address: Address, accept: Accept, ready: (outcome: ListenOutcome) => void): void {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    let settled = false;
    server.on('error', (error) => {
      // Once listening, an error is one connection that could not be accepted: its peer sees it closed.
      if (settled) return;
      settled = true;
      ready({ ok: false, failure: networkFailure(error, 'unreachable') });
    });
    server.on('listening', () => {
      settled = true;
      ready({ ok: true, listener: new NodeListener(server) });
    });
    server.on('connection', (socket) => this.adopt(socket, accept));
    server.listen({ host: address.host, port: address.port });
  }

  /** What was read of it already can be put back with `unshift` before. */
  adopt(socket: Socket, accept: Accept): void {
    const remote = { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
    const connection = this.#connection(socket, remote, true);
    connection.attach(accept(connection));
  }

  connect(address: Address, handlers: ConnectionHandlers): Connection {
    const socket = new Socket({ allowHalfOpen: true });
    socket.setNoDelay(true);
    const connection = this.#connection(socket, address, false);
    connection.attach(handlers);
    connection.open();
    return connection;
  }

  #connection(socket: Socket, remote: Address, accepted: boolean): NodeConnection {
    const connection = new NodeConnection({
      socket,
      remote: { host: remote.host, port: remote.port },
      accepted,
      clock: this.#clock,
      disturbance: this.#disturbance,
      onClosed: (closed) => this.#connections.delete(closed),
    });
    this.#connections.add(connection);
    return connection;
  }

  readonly #disturbance = (peer: Address): Disturbance | undefined => {
    if (!this.#faults.any) return undefined;
    if (this.#faults.paused()) return { delayMs: 0, drop: true };
    return this.#faults.network(`${peer.host}:${peer.port}`) ?? this.#faults.network(peer.host);
  };
}

class NodeListener implements Listener {
  readonly address: Address;
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('A TCP server has an address.');
    this.address = { host: bound.address, port: bound.port };
  }

  close(done?: () => void): void {
    this.#server.close();
    // The server's own callback waits for its open connections; the port is free with the handle.
    if (done !== undefined) setImmediate(done);
  }
}
