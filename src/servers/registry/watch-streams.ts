import type { ServerResponse } from 'node:http';
import {
  encodeFrame,
  limits,
  type RegistryStore,
  type WatchFrame,
  type WatchRequest,
} from '../../registry/index.ts';
import { HoldfastError } from '../../std/index.ts';

/** The watch streams of a registry: each one HTTP answer that goes on until somebody ends it. */
export class WatchStreams {
  readonly #store: RegistryStore;
  readonly #onSlow: (service: string | undefined) => void;
  readonly #streams = new Set<WatchStream>();
  #isClosing = false;
  /** Every watcher gets the same frames, so each is written out once. */
  #lastFrame: WatchFrame | undefined;
  #lastText = '';

  /** `onSlow` hears of each watcher that was cut off because it left too much unread. */
  constructor(store: RegistryStore, onSlow: (service: string | undefined) => void) {
    this.#store = store;
    this.#onSlow = onSlow;
  }

  get size(): number {
    return this.#streams.size;
  }

  /** Throws before anything is answered when there are too many, or when the registry is about to stop. */
  open(response: ServerResponse, request: WatchRequest): void {
    this.#admit();
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Proxies in between must not collect events before they pass them on.
      'x-accel-buffering': 'no',
    });
    const stream = new WatchStream(response, () => this.#onSlow(request.service));
    this.#streams.add(stream);
    const unwatch = this.#store.watch(request, (frame) => stream.write(frame, this.#encode(frame)));
    response.on('close', () => {
      unwatch();
      this.#streams.delete(stream);
    });
  }

  /** Ends every stream where it is; the watchers resume elsewhere or later. No new one is opened. */
  close(): void {
    this.#isClosing = true;
    for (const stream of this.#streams) stream.end();
  }

  #admit(): void {
    if (this.#isClosing) {
      throw new HoldfastError('unavailable', 'The registry is stopping: come back in a moment.');
    }
    if (this.#streams.size < limits.watchersMax) return;
    const text = `There are ${limits.watchersMax} watchers already, which is the most this registry serves.`;
    throw new HoldfastError('resource_exhausted', text, { retryAfterMs: 1_000 });
  }

  #encode(frame: WatchFrame): string {
    if (frame !== this.#lastFrame) {
      this.#lastFrame = frame;
      this.#lastText = encodeFrame(frame);
    }
    return this.#lastText;
  }
}

class WatchStream {
  readonly #response: ServerResponse;
  readonly #onSlow: () => void;
  /**
   * What may lie unread. What it begins with has to get through however long it is, so that counts on top.
   */
  #unreadBytesMax: number = limits.watcherQueueBytesMax;
  #hasBegun = false;

  constructor(response: ServerResponse, onSlow: () => void) {
    this.#response = response;
    this.#onSlow = onSlow;
  }

  write(frame: WatchFrame, text: string): void {
    const response = this.#response;
    if (response.destroyed || response.writableEnded) return;
    if (!this.#hasBegun) {
      this.#unreadBytesMax += Buffer.byteLength(text);
      this.#hasBegun = frame.type !== 'change';
    } else if (response.writableLength > this.#unreadBytesMax) {
      this.#onSlow();
      response.destroy();
      return;
    }
    response.write(text);
  }

  end(): void {
    this.#response.end();
  }
}
