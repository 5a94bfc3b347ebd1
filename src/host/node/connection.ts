import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Disturbance } from '../faults.ts';
import { Lane } from '../lane.ts';
import { limits } from '../limits.ts';
import type { Address, Connection, ConnectionHandlers } from '../network.ts';
import { networkFailure } from './failure.ts';

/**
 * One TCP connection. With no fault injected both lanes are passed by and bytes go straight between the
 * socket and the handlers.
 */
export class NodeConnection implements Connection {
  readonly remote: Address;
  readonly #socket: Socket;
  readonly #outward: Lane;
  readonly #inward: Lane;
  readonly #onClosed: (connection: NodeConnection) => void;
  #handlers: ConnectionHandlers | undefined;
  #error: Error | undefined;
  #opened: boolean;
  #reading = true;
  /** `write` has answered false and `drained` is owed. */
  #owesDrained = false;
  #endedHere = false;
  #endedThere = false;
  #destroyed = false;

  constructor(options: {
    readonly socket: Socket;
    readonly remote: Address;
    readonly accepted: boolean;
    readonly clock: Clock;
    readonly disturbance: (peer: Address) => Disturbance | undefined;
    readonly onClosed: (connection: NodeConnection) => void;
  }) {
    this.#socket = options.socket;
    this.remote = options.remote;
    this.#opened = options.accepted;
    this.#onClosed = options.onClosed;
    const disturbance = (): Disturbance | undefined => options.disturbance(this.remote);
    this.#outward = new Lane(options.clock, disturbance);
    this.#inward = new Lane(options.clock, disturbance);
  }

  /** Begins to pass on what happens. Apart from the constructor: `accept` needs the connection first. */
  attach(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
    const socket = this.#socket;
    socket.on('connect', () => {
      this.#opened = true;
      this.#pass(0, () => handlers.opened?.());
    });
    socket.on('data', (buffer: Buffer) => {
      // Not a Buffer: the slice of one is no copy, which those who hold a Uint8Array rely on.
      const bytes = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
      this.#pass(bytes.byteLength, () => handlers.received(bytes));
      if (this.#inward.heldBytes > limits.connectionQueueBytesMax) socket.pause();
    });
    socket.on('end', () => {
      this.#endedThere = true;
      this.#pass(0, () => handlers.ended?.());
    });
    socket.on('drain', () => this.#checkDrained());
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('close', () => this.#pass(0, () => this.#close(), true));
  }

  /** Connects now, or when the fault that is in the way lets it. */
  open(): void {
    this.#send(0, () => this.#socket.connect({ host: this.remote.host, port: this.remote.port }));
  }

  /** Looks at the faults again: they have changed. */
  review(): void {
    this.#outward.review();
    this.#inward.review();
  }

  write(bytes: Uint8Array): boolean {
    if (this.#endedHere || this.#destroyed) return false;
    if (this.#outward.holds) {
      this.#outward.pass(bytes.byteLength, () => {
        this.#socket.write(bytes, () => this.#checkDrained());
      });
    } else {
      this.#socket.write(bytes);
    }
    const queuedBytes = this.#socket.writableLength + this.#outward.heldBytes;
    if (queuedBytes <= limits.connectionQueueBytesMax) return true;
    this.#owesDrained = true;
    return false;
  }

  setReading(reading: boolean): void {
    this.#reading = reading;
    this.#inward.stopped = !reading;
    if (reading) this.#resume();
    else this.#socket.pause();
  }

  end(): void {
    if (this.#endedHere || this.#destroyed) return;
    this.#endedHere = true;
    this.#send(0, () => this.#socket.end());
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#outward.clear();
    this.#inward.clear();
    // A reset and not an end: the peer must not take a stream that breaks off for a finished one.
    if (this.#opened && !this.#socket.destroyed) this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  #send(sizeBytes: number, action: () => void): void {
    if (this.#outward.holds) this.#outward.pass(sizeBytes, action);
    else action();
  }

  #pass(sizeBytes: number, action: () => void, last = false): void {
    if (this.#destroyed && !last) return;
    if (this.#destroyed || !this.#inward.holds) {
      action();
      return;
    }
    this.#inward.pass(sizeBytes, () => {
      action();
      if (this.#reading) this.#resume();
    });
  }

  #resume(): void {
    if (this.#inward.heldBytes <= limits.connectionQueueBytesMax) this.#socket.resume();
  }

  #checkDrained(): void {
    if (!this.#owesDrained || this.#endedHere || this.#destroyed || this.#socket.destroyed) return;
    if (this.#socket.writableLength + this.#outward.heldBytes > 0) return;
    this.#owesDrained = false;
    this.#handlers?.drained?.();
  }

  #close(): void {
    const ownDoing = this.#destroyed;
    this.#destroyed = true;
    this.#outward.clear();
    this.#onClosed(this);
    if (ownDoing || (this.#error === undefined && this.#endedHere && this.#endedThere)) {
      this.#handlers?.closed();
    } else if (this.#error === undefined) {
      this.#handlers?.closed({ kind: 'reset', message: 'The connection broke off.' });
    } else {
      this.#handlers?.closed(networkFailure(this.#error, this.#opened ? 'reset' : 'unreachable'));
    }
  }
}
