import { expect } from 'vitest';
import type { Connection, ConnectionHandlers, NetworkFailure } from '../network.ts';

/**
 * The handlers of one end of a connection that write down what happens, and hold the port to its promises
 * all the while: the order of the calls, `closed` once and last, nothing inside a call.
 */
export class Transcript implements ConnectionHandlers {
  /** In the order they came; a run of `received` is one. */
  readonly events: string[] = [];
  readonly chunks: Uint8Array[] = [];
  receivedBytes = 0;
  failure: NetworkFailure | undefined;
  connection: Connection | undefined;
  /** What else to do when something happens. */
  on: Partial<ConnectionHandlers> = {};
  readonly #accepted: boolean;
  #inside = false;

  constructor(options: { readonly accepted: boolean }) {
    this.#accepted = options.accepted;
  }

  get closes(): boolean {
    return this.events.includes('closed');
  }

  has(event: string): boolean {
    return this.events.includes(event);
  }

  /** Calls the connection; no handler may be called before it returns. */
  do<T>(act: (connection: Connection) => T): T {
    const connection = this.connection;
    if (connection === undefined) throw new Error('The connection is set before it is used.');
    return this.call(() => act(connection));
  }

  call<T>(act: () => T): T {
    const wasInside = this.#inside;
    this.#inside = true;
    try {
      return act();
    } finally {
      this.#inside = wasInside;
    }
  }

  opened(): void {
    expect(this.#accepted, 'opened is not called on the accepting side').toBe(false);
    expect(this.events, 'opened is the first').toEqual([]);
    this.#note('opened');
    this.on.opened?.();
  }

  received(bytes: Uint8Array): void {
    expect(this.has('ended'), 'nothing is received behind the end').toBe(false);
    expect(bytes.byteLength).toBeGreaterThan(0);
    this.#note('received');
    this.chunks.push(bytes.slice());
    this.receivedBytes += bytes.byteLength;
    // It is ours: whoever else still reads it will find rubbish.
    bytes.fill(0xee);
    this.on.received?.(bytes);
  }

  drained(): void {
    this.#note('drained');
    this.on.drained?.();
  }

  ended(): void {
    expect(this.has('ended'), 'ended comes once').toBe(false);
    this.#note('ended');
    this.on.ended?.();
  }

  closed(failure?: NetworkFailure): void {
    this.#note('closed');
    this.failure = failure;
    this.on.closed?.(failure);
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(this.receivedBytes);
    let filled = 0;
    for (const chunk of this.chunks) {
      bytes.set(chunk, filled);
      filled += chunk.byteLength;
    }
    return bytes;
  }

  #note(event: string): void {
    expect(this.closes, `${event} after closed`).toBe(false);
    expect(this.#inside, `${event} inside a call`).toBe(false);
    if (!this.#accepted && event !== 'closed' && event !== 'opened') {
      expect(this.has('opened'), `${event} before opened`).toBe(true);
    }
    if (event !== 'received' || this.events.at(-1) !== 'received') this.events.push(event);
  }
}
