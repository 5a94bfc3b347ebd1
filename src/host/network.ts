import type { Socket } from 'node:net';

/**
 * The network as a port: ordered, reliable byte streams that may break at any moment (TCP's promises).
 * A break loses an unknown suffix of what was written. Datagrams are not part of it.
 */
export interface Network {
  /**
   * Listens on `address`; port 0 takes a free one. `accept` returns the handlers of each new connection.
   * `ready` is called once, later: with the listener, or with why it failed.
   */
  listen(address: Address, accept: Accept, ready: (outcome: ListenOutcome) => void): void;
  /** Starts to connect. `opened` or `closed` is called later, never before `connect` has returned. */
  connect(address: Address, handlers: ConnectionHandlers): Connection;
  /**
   * Takes over what somebody else has accepted, as if it had come through `listen`; its socket may end one
   * way before the other. Only a host whose connections are sockets has it.
   */
  adopt?(socket: Socket, accept: Accept): void;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export type Accept = (connection: Connection) => ConnectionHandlers;

export type ListenOutcome =
  | { readonly ok: true; readonly listener: Listener }
  | { readonly ok: false; readonly failure: NetworkFailure };

export interface Listener {
  /** The address in use, its port never 0. */
  readonly address: Address;
  /** Accepts no more; open connections stay. `done` is called, later, when the port is free again. */
  close(done?: () => void): void;
}

/**
 * Each is called in the order things happened, never inside a call to the connection; `closed` is the last
 * and comes exactly once.
 */
export interface ConnectionHandlers {
  /** The connection stands. Not called on the accepting side, where it stands from the start. */
  opened?(): void;
  /** Bytes in the order they were written. The array is the receiver's to keep. */
  received(bytes: Uint8Array): void;
  /** Comes only after `write` has returned false: what was queued has left, and writing may go on. */
  drained?(): void;
  /**
   * The other side will write no more: it called `end`, or its process is gone. So a stream says itself
   * whether it is complete. This side may still write.
   */
  ended?(): void;
  /**
   * Without a failure: both sides ended, or this side destroyed it. With one, an unknown part of what was
   * written is lost.
   */
  closed(failure?: NetworkFailure): void;
}

export interface Connection {
  readonly remote: Address;
  /**
   * Queues bytes, before `opened` too. All are taken; false says that the queue is over its bound: wait for
   * `drained`. The bytes must not change any more. After `end`, `destroy` or `closed` it takes nothing and
   * returns false.
   */
  write(bytes: Uint8Array): boolean;
  /** Stops or resumes `received` and `ended`: backpressure towards the writer. */
  setReading(reading: boolean): void;
  /** Sends what is queued, then the end of the stream. Ending twice does nothing. */
  end(): void;
  /**
   * Drops the connection and what is queued, at once: only `closed` is still called. The other side's
   * stream breaks off with a reset, never with `ended`. Destroying twice does nothing.
   */
  destroy(): void;
}

export interface NetworkFailure {
  /** refused: nobody listens; unreachable: no way there; in-use: the port to listen on is taken. */
  readonly kind: 'refused' | 'unreachable' | 'reset' | 'timeout' | 'in-use' | 'denied';
  readonly message: string;
}
