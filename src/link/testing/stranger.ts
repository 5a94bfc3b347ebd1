import type { Connection } from '../../host/index.ts';
import { parseAddress } from '../address.ts';
import { Outbox } from '../outbox.ts';
import type { TestHost, TestProcess } from './process.ts';

/** Somebody at the other end of a connection who says what a test wants said. */
export class Stranger {
  readonly heard: Uint8Array[] = [];
  closed = false;
  readonly #connection: Connection;

  constructor(host: TestHost, to: TestProcess) {
    this.#connection = host.network.connect(parseAddress(to.address), {
      received: (bytes) => void this.heard.push(bytes),
      ended: () => this.#connection.end(),
      closed: () => {
        this.closed = true;
      },
    });
  }

  say(bytes: Uint8Array): void {
    this.#connection.write(bytes);
  }

  frame(type: number, kind = 0, id = 0, payload?: Uint8Array): void {
    const out = new Outbox();
    out.frame(type, kind, id, payload);
    const bytes = out.take();
    if (bytes !== undefined) this.say(bytes);
  }

  destroy(): void {
    this.#connection.destroy();
  }
}
