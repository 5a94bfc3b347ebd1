import type { ServerResponse } from 'node:http';
import type { Clock } from '../../host/index.ts';
import { limits, type RegistryStore, type WatchFrame, type WatchRequest } from '../../registry/index.ts';
import { HoldfastError, must } from '../../std/index.ts';
import { storeUnavailable } from './asking.ts';
import { FramesUnderWay } from './frames-under-way.ts';
import { WatchStream } from './watch-stream.ts';

export interface WatchStreamsOptions {
  readonly clock: Clock;
  /** `limits.watcherTakeMs` by default. */
  readonly takeMs?: number | undefined;
  /** Hears of each watcher that was cut off because it did not read. */
  readonly onSlow: (service: string | undefined, why: string) => void;
}

interface Watch {
  readonly service: string | undefined;
  readonly stream: WatchStream;
  unwatch: (() => void) | undefined;
}

/**
 * The watch streams of a registry: each one HTTP answer that goes on until somebody ends it. Anybody may
 * watch, so what watchers leave unread is bounded: in bytes for each, in bytes for all together, in time.
 */
export class WatchStreams {
  readonly #store: RegistryStore;
  readonly #options: WatchStreamsOptions;
  readonly #watches = new Set<Watch>();
  readonly #frames = new FramesUnderWay();
  #isClosing = false;

  constructor(store: RegistryStore, options: WatchStreamsOptions) {
    this.#store = store;
    this.#options = options;
  }

  get size(): number {
    return this.#watches.size;
  }

  /**
   * Throws before anything is answered when there are too many, when the registry is about to stop, or when
   * its store cannot be watched.
   */
  open(response: ServerResponse, request: WatchRequest): void {
    this.#admit();
    const stream = new WatchStream(response, this.#frames);
    const watch: Watch = { service: request.service, stream, unwatch: undefined };
    this.#watches.add(watch);
    response.on('close', () => this.#drop(watch));
    let refused: string | undefined;
    watch.unwatch = this.#store.watch(
      request,
      (frame) => this.#send(watch, frame),
      (why) => {
        refused = why;
        if (response.headersSent) stream.end();
      },
    );
    if (refused !== undefined && !response.headersSent) {
      this.#drop(watch);
      throw storeUnavailable(refused);
    }
    stream.begin();
    // Cut off while it began.
    if (!this.#watches.has(watch)) watch.unwatch();
  }

  /** Ends every stream where it is; the watchers resume elsewhere or later. No new one is opened. */
  close(): void {
    this.#isClosing = true;
    for (const { stream } of this.#watches) stream.end();
  }

  #admit(): void {
    if (this.#isClosing) {
      throw new HoldfastError('unavailable', 'The registry is stopping: come back in a moment.');
    }
    if (this.#watches.size < limits.watchersMax) return;
    const text = `There are ${limits.watchersMax} watchers already, which is the most this registry serves.`;
    throw new HoldfastError('resource_exhausted', text, { retryAfterMs: 1_000 });
  }

  #send(watch: Watch, frame: WatchFrame): void {
    const { stream } = watch;
    if (!this.#watches.has(watch) || stream.hasEnded) return;
    if (stream.isCut) {
      this.#drop(watch);
      return;
    }
    const nowMs = this.#options.clock.nowMs();
    const why = this.#slowness(stream, nowMs);
    if (why !== undefined) {
      this.#cutOff(watch, why);
      return;
    }
    stream.write(this.#frames.hold(frame, watch.service), nowMs, frame.type !== 'change');
    while (this.#frames.bytes > limits.watchersUnreadBytesMax) {
      this.#cutOff(this.#longestBehind(), 'watchers left too much unread, and it is the furthest behind');
    }
  }

  /** Keep-alives come to every stream, so that each is looked at every `limits.keepAliveMs`. */
  #slowness(stream: WatchStream, nowMs: number): string | undefined {
    if (stream.isOverfull) return 'it left too much unread';
    const unreadMs = nowMs - (stream.unreadSinceMs ?? nowMs);
    const { takeMs = limits.watcherTakeMs } = this.#options;
    return unreadMs > takeMs ? 'it left something unread for too long' : undefined;
  }

  #longestBehind(): Watch {
    let longest: Watch | undefined;
    let sinceMs = Number.POSITIVE_INFINITY;
    for (const watch of this.#watches) {
      const { unreadSinceMs = Number.POSITIVE_INFINITY } = watch.stream;
      if (unreadSinceMs >= sinceMs) continue;
      longest = watch;
      sinceMs = unreadSinceMs;
    }
    return must(longest, 'a watcher that left something unread');
  }

  #cutOff(watch: Watch, why: string): void {
    this.#options.onSlow(watch.service, why);
    watch.stream.cut();
    this.#drop(watch);
  }

  #drop(watch: Watch): void {
    watch.unwatch?.();
    watch.stream.release();
    this.#watches.delete(watch);
  }
}
