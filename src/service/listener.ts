import * as http from 'node:http';
import type { Http2Server } from 'node:http2';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../host/index.ts';
import { assert, must } from '../std/index.ts';
import type { ClientErrors } from './client-errors.ts';
import { Connections } from './connections.ts';
import { refusal } from './errors.ts';
import type { ServiceLimits } from './limits.ts';

/** How a caller begins that speaks HTTP/2 unasked (RFC 9113, 3.4); no HTTP/1.1 request begins so. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const prefaceLine = preface.subarray(0, 'PRI * HTTP/2.0\r\n'.length);

export interface ListenerOptions {
  readonly clock: Clock;
  readonly limits: ServiceLimits;
  readonly clientErrors: ClientErrors;
  readonly onRequest: http.RequestListener;
  /** Takes the connections that speak HTTP/2; without it they are told that this port does not. */
  readonly http2: Http2Server | undefined;
}

/** A protocol of ours beside HTTP: connections that begin with `magic` are its own. */
export interface OwnProtocol {
  readonly magic: Uint8Array;
  /** Takes the connection, its first bytes put back. */
  readonly take: (socket: Socket) => void;
}

/**
 * One port for HTTP/1.1, plaintext HTTP/2 and a protocol of ours, told apart by the first bytes. The
 * node:http server is the one that listens, so its own timeouts and bounds hold; each connection is handed
 * on once its first bytes are known, with these bytes put back.
 */
export class PortListener {
  readonly server: http.Server;
  readonly #options: ListenerOptions;
  readonly #acceptHttp1: (socket: Socket) => void;
  readonly #connections: Connections;
  #isDraining = false;
  #ownProtocol: OwnProtocol | undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
    const { limits, clientErrors } = options;
    const connections = new Connections(options);
    this.#connections = connections;
    this.server = http.createServer(
      {
        maxHeaderSize: limits.headBytesMax,
        headersTimeout: limits.headersTimeoutMs,
        requestTimeout: limits.requestTimeoutMs,
        connectionsCheckingInterval: limits.timeoutCheckMs,
        keepAliveTimeout: limits.keepAliveTimeoutMs,
        keepAlive: true,
        keepAliveInitialDelay: limits.tcpKeepAliveMs,
        // Looked at by the intake, which answers in the service's own form.
        requireHostHeader: false,
        ServerResponse: countedResponses(connections, clientErrors, () => this.#isDraining),
      },
      (request, response) => {
        // Who was told that no answer follows may send it again elsewhere: it must not be carried out here.
        const { read, last } = connections.useOf(request.socket) ?? neverUsed;
        if (read <= last) options.onRequest(request, response);
      },
    );
    // Asked by `close`: it would cut connections on which a request is on its way.
    this.server.closeIdleConnections = () => {};
    this.server.maxConnections = limits.connectionsMax;
    this.server.maxHeadersCount = limits.headersMax;
    this.server.on('connect', (_request, socket: Socket) => {
      clientErrors.refuse(socket, refusal(405, 'This service is no proxy: it does not know CONNECT.'));
    });
    const accept = must(this.server.listeners('connection')[0], "node:http's connection listener");
    this.#acceptHttp1 = accept as (socket: Socket) => void;
    this.server.removeAllListeners('connection');
    this.server.on('connection', this.#onConnection);
  }

  /** Once at most, before the port is open. */
  speak(protocol: OwnProtocol): void {
    assert(this.#ownProtocol === undefined, 'one protocol of its own is registered');
    this.#ownProtocol = protocol;
  }

  /** From now on each answer is the last of its connection, and says so. */
  startDraining(): void {
    this.#isDraining = true;
    this.#connections.startDraining();
  }

  /**
   * Takes no more connections, and closes each that there is once it has been quiet for `quietMs`. Resolves
   * when there is none left. HTTP/2 connections are closed by whoever got them.
   */
  async close(quietMs: number): Promise<void> {
    await this.#acceptsCaughtUp();
    this.server.close();
    this.#connections.closeQuiet(quietMs);
    await this.#connections.whenEmpty();
  }

  /** Cuts off every connection that is left. */
  destroy(): void {
    this.#connections.destroy();
  }

  /**
   * The system resets connections that stand and were not accepted yet when the port closes, whatever was
   * written to them. There are fewest right after a turn of the loop that had next to nothing to do.
   */
  async #acceptsCaughtUp(): Promise<void> {
    const { clock, limits } = this.#options;
    for (let turn = 0; turn < limits.closeTurnsMax; turn++) {
      const { accepted } = this.#connections;
      const startedAtMs = clock.nowMs();
      await new Promise((resolve) => setImmediate(resolve));
      const wasIdle = clock.nowMs() - startedAtMs < limits.closeTurnMs;
      if (wasIdle && accepted === this.#connections.accepted) return;
    }
  }

  readonly #onConnection = (socket: Socket): void => {
    this.#connections.add(socket);
    const starts = this.#ownProtocol === undefined ? [preface] : [preface, this.#ownProtocol.magic];
    new FirstBytes(socket, starts, this.#options, (bytes) => {
      if (bytes !== undefined) this.#handOn(socket, bytes);
    });
  };

  #handOn(socket: Socket, bytes: Buffer): void {
    const { http2, clientErrors } = this.#options;
    if (clientErrors.isClosing(socket)) {
      socket.resume();
      return;
    }
    const own = this.#ownProtocol;
    if (own !== undefined && startsWith(bytes, own.magic)) {
      // Whoever takes it ends it: it neither holds up a drain nor is closed by it.
      this.#connections.release(socket);
      socket.unshift(bytes);
      // It may stop reading again; nothing comes before this turn is over.
      socket.resume();
      own.take(socket);
      return;
    }
    if (startsWith(bytes, preface)) {
      if (http2 === undefined) {
        clientErrors.refuse(socket, refusal(505, 'This service speaks HTTP/1.1 only.'));
        return;
      }
      this.#connections.isHttp2(socket);
      socket.unshift(bytes);
      http2.emit('connection', socket);
      return;
    }
    if (startsWith(bytes, prefaceLine)) {
      clientErrors.refuse(socket, refusal(400, 'The HTTP/2 preface is malformed.'));
      return;
    }
    clientErrors.noteFirstBytes(socket, bytes);
    socket.unshift(bytes);
    this.#acceptHttp1.call(this.server, socket);
    socket.resume();
  }
}

const neverUsed = { read: 0, last: 0 };

type WriteHead = (status: number, ...rest: unknown[]) => http.ServerResponse;

/**
 * Answers that know their place on their connection. While the service drains, the answer to the last
 * request that was read says that the connection closes; also to one that came before the drain, for it is
 * decided as late as the header is written.
 */
function countedResponses(
  connections: Connections,
  clientErrors: ClientErrors,
  isDraining: () => boolean,
): typeof http.ServerResponse {
  const writeHead = http.ServerResponse.prototype.writeHead as WriteHead;
  class Response extends http.ServerResponse {
    readonly number: number;

    // node:http makes one for each request it has read, in their order.
    constructor(...args: ConstructorParameters<typeof http.ServerResponse>) {
      super(...args);
      const use = connections.useOf(args[0].socket);
      this.number = use === undefined ? 0 : ++use.read;
    }

    // Called by node:http when the whole answer is with the system.
    override detachSocket(socket: Socket): void {
      super.detachSocket(socket);
      connections.answered(socket);
    }
  }
  const override: WriteHead = function (this: http.ServerResponse, status, reason, headers) {
    if (isDraining()) {
      const { socket } = this.req;
      const use = connections.useOf(socket);
      if (use !== undefined && (this as Response).number === use.read) {
        this.shouldKeepAlive = false;
        use.last = use.read;
        // node:http calls it once the answer has left; what still comes must not reset it.
        socket.destroySoon = () => clientErrors.closeGently(socket);
      }
    }
    return writeHead.call(this, status, reason, headers);
  };
  Response.prototype.writeHead = override as typeof Response.prototype.writeHead;
  return Response as typeof http.ServerResponse;
}

function startsWith(bytes: Buffer, start: Uint8Array): boolean {
  return bytes.subarray(0, start.length).equals(start);
}

/** Reads until the bytes are, or can no longer become, one of the starts; as long as a header may take. */
class FirstBytes {
  readonly #socket: Socket;
  readonly #starts: readonly Uint8Array[];
  readonly #options: ListenerOptions;
  readonly #done: (bytes: Buffer | undefined) => void;
  readonly #timer: Timer;
  #bytes: Buffer | undefined;

  constructor(
    socket: Socket,
    starts: readonly Uint8Array[],
    options: ListenerOptions,
    done: (bytes: Buffer | undefined) => void,
  ) {
    this.#socket = socket;
    this.#starts = starts;
    this.#options = options;
    this.#done = done;
    this.#timer = options.clock.setTimer(options.limits.headersTimeoutMs, () => this.#tooSlow());
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  readonly #onData = (chunk: Buffer): void => {
    const bytes = this.#bytes === undefined ? chunk : Buffer.concat([this.#bytes, chunk]);
    this.#bytes = bytes;
    const mayBecome = (start: Uint8Array): boolean =>
      bytes.length < start.length && startsWith(bytes, start.subarray(0, bytes.length));
    if (this.#starts.some(mayBecome)) return;
    this.#socket.pause();
    this.#settle(bytes);
  };

  readonly #onEnd = (): void => {
    this.#socket.destroy();
  };

  // The peer reset the connection; `close` follows.
  readonly #onError = (): void => {};

  readonly #onClose = (): void => {
    this.#settle(undefined);
  };

  #tooSlow(): void {
    this.#settle(undefined);
    const { clientErrors } = this.#options;
    // Who said nothing gets no answer: browsers open such connections in advance.
    if (this.#bytes === undefined) this.#socket.destroy();
    else clientErrors.refuse(this.#socket, refusal(408, 'The request did not arrive in time.'));
  }

  #settle(bytes: Buffer | undefined): void {
    this.#timer.cancel();
    this.#socket.off('data', this.#onData);
    this.#socket.off('end', this.#onEnd);
    this.#socket.off('error', this.#onError);
    this.#socket.off('close', this.#onClose);
    this.#done(bytes);
  }
}
