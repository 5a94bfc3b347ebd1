import { channel } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { Traffic } from './messages.ts';

/** Counts what every connection that this process opens carries. */
export class TrafficCount {
  requests = 0;
  #sentBytes = 0;
  #receivedBytes = 0;
  readonly #open = new Set<Socket>();

  constructor() {
    channel('net.client.socket').subscribe((message) => {
      const { socket } = message as { readonly socket: Socket };
      this.#open.add(socket);
      socket.once('close', () => {
        this.#open.delete(socket);
        this.#sentBytes += socket.bytesWritten;
        this.#receivedBytes += socket.bytesRead;
      });
    });
  }

  read(): Traffic {
    let [sentBytes, receivedBytes] = [this.#sentBytes, this.#receivedBytes];
    for (const socket of this.#open) {
      sentBytes += socket.bytesWritten;
      receivedBytes += socket.bytesRead;
    }
    return { requests: this.requests, sentBytes, receivedBytes };
  }
}
