import type { Socket } from 'node:net';
import type { Clock, Timer } from '../host/index.ts';
import type { ClientErrors } from './client-errors.ts';
import type { ServiceLimits } from './limits.ts';

const use = Symbol('use');

/** On the socket, where finding it costs nothing. */
type UsedSocket = Socket & { [use]?: ConnectionUse };

/**
 * How one connection is used. Invariant: `answered` <= `last` <= `read` once `last` is set; what is read
 * after it is not handled, for its caller has been told that no answer follows.
 */
export class ConnectionUse {
  /** Requests read, each with its number: 1 for the first. */
  read = 0;
  answered = 0;
  /** Number of the request whose answer says that the connection closes. */
  last = Number.POSITIVE_INFINITY;
  quietSinceMs: number;
  /** Bytes that had come when it fell quiet: a request that is only half there must not look like silence. */
  quietBytes = 0;
  /** HTTP/2 ends a connection in its own way. */
  isHttp2 = false;
  timer: Timer | undefined;

  constructor(acceptedAtMs: number) {
    this.quietSinceMs = acceptedAtMs;
  }
}

export interface ConnectionsOptions {
  readonly clock: Clock;
  readonly limits: ServiceLimits;
  readonly clientErrors: ClientErrors;
}

/** All connections of a port, and how they end when the service does: never with a request on them. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #sockets = new Set<UsedSocket>();
  /** How many there have been. */
  accepted = 0;
  #empty: (() => void)[] = [];
  /** How long a connection has to be quiet to be closed; undefined while the port is open. */
  #quietMs: number | undefined;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  add(socket: UsedSocket): void {
    const { clock } = this.#options;
    const mine = new ConnectionUse(clock.nowMs());
    socket[use] = mine;
    this.#sockets.add(socket);
    this.accepted += 1;
    socket.once('close', () => this.release(socket));
    if (this.#quietMs !== undefined) this.#closeWhenQuiet(socket, mine);
  }

  /** It is closed, or somebody else's from here on. */
  release(socket: UsedSocket): void {
    socket[use]?.timer?.cancel();
    this.#sockets.delete(socket);
    if (this.#sockets.size === 0) for (const done of this.#empty.splice(0)) done();
  }

  /** It speaks HTTP/2, which closes it for writing when it is done; its peer then has to close it as well. */
  isHttp2(socket: UsedSocket): void {
    const mine = socket[use];
    if (mine === undefined) return;
    mine.isHttp2 = true;
    mine.timer?.cancel();
    const { clock, limits } = this.#options;
    socket.once('finish', () => {
      mine.timer = clock.setTimer(limits.lingerMs, () => socket.destroy());
    });
  }

  useOf(socket: UsedSocket): ConnectionUse | undefined {
    return socket[use];
  }

  /** An answer of HTTP/1.1 has left for the system. */
  answered(socket: UsedSocket): void {
    const mine = socket[use];
    if (mine === undefined) return;
    mine.answered += 1;
    if (mine.answered < mine.read) return;
    mine.quietBytes = socket.bytesRead;
    if (this.#quietMs === undefined) return;
    mine.quietSinceMs = this.#options.clock.nowMs();
    this.#closeWhenQuiet(socket, mine);
  }

  /** From now on quiet times are counted: what was used until now may be used again at once. */
  startDraining(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const { [use]: mine } of this.#sockets) if (mine !== undefined) mine.quietSinceMs = nowMs;
  }

  /**
   * Closes each connection once nothing has come on it for so long. A caller that writes a request now and
   * then finds it served meanwhile, with the word that it was the last.
   */
  closeQuiet(quietMs: number): void {
    this.#quietMs = quietMs;
    for (const socket of this.#sockets) {
      const mine = socket[use];
      if (mine !== undefined && mine.answered === mine.read) this.#closeWhenQuiet(socket, mine);
    }
  }

  /** Resolves when there is no connection. */
  whenEmpty(): Promise<void> {
    if (this.#sockets.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#empty.push(resolve));
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #closeWhenQuiet(socket: UsedSocket, mine: ConnectionUse): void {
    if (mine.isHttp2 || mine.last < Number.POSITIVE_INFINITY) return;
    const { clock } = this.#options;
    const delayMs = Math.max(0, mine.quietSinceMs + (this.#quietMs ?? 0) - clock.nowMs());
    this.#after(delayMs, socket, mine);
  }

  #after(delayMs: number, socket: UsedSocket, mine: ConnectionUse): void {
    mine.timer?.cancel();
    // What has arrived while this process was busy is read before the check that follows.
    const look = (): void => void setImmediate(() => this.#closeIfQuiet(socket, mine));
    mine.timer = this.#options.clock.setTimer(delayMs, look);
  }

  #closeIfQuiet(socket: UsedSocket, mine: ConnectionUse): void {
    if (socket.destroyed || mine.isHttp2 || mine.answered < mine.read) return;
    if (socket.bytesRead === mine.quietBytes) {
      mine.last = mine.read;
      this.#options.clientErrors.closeGently(socket);
      return;
    }
    // A part of a request, or the rest of one that was answered early: it may yet come to its end.
    mine.quietBytes = socket.bytesRead;
    this.#after(this.#options.limits.lingerMs, socket, mine);
  }
}
