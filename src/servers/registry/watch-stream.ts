import type { ServerResponse } from 'node:http';
import { limits } from '../../registry/index.ts';
import type { EncodedFrame, FramesUnderWay } from './frames-under-way.ts';

interface Unread {
  readonly frame: EncodedFrame;
  readonly sinceMs: number;
  readonly isBeginning: boolean;
}

/** One watcher's HTTP answer, and what of it lies unread. */
export class WatchStream {
  readonly #response: ServerResponse;
  readonly #frames: FramesUnderWay;
  /** In the order in which they were sent, which is that in which they are taken. */
  #unread: Unread[] = [];
  /** What it begins with has to get through however long it is: it is not in here. */
  #queuedBytes = 0;
  #hasBegun = false;

  constructor(response: ServerResponse, frames: FramesUnderWay) {
    this.#response = response;
    this.#frames = frames;
  }

  /** Since when the oldest unread frame waits. */
  get unreadSinceMs(): number | undefined {
    return this.#unread[0]?.sinceMs;
  }

  get isOverfull(): boolean {
    return this.#queuedBytes > limits.watcherQueueBytesMax;
  }

  /** Answers the request; what it is answered with may come later. */
  begin(): void {
    if (this.#response.headersSent || this.isCut) return;
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // Proxies in between must not collect events before they pass them on.
      'x-accel-buffering': 'no',
    });
    this.#response.flushHeaders();
  }

  /** `isLastOfBeginning`: what a stream starts with ends with this frame at the latest. */
  write(frame: EncodedFrame, nowMs: number, isLastOfBeginning: boolean): void {
    this.begin();
    const unread = { frame, sinceMs: nowMs, isBeginning: !this.#hasBegun };
    this.#hasBegun ||= isLastOfBeginning;
    this.#unread.push(unread);
    if (!unread.isBeginning) this.#queuedBytes += frame.bytes.length;
    this.#response.write(frame.bytes, () => this.#taken());
  }

  end(): void {
    this.#response.end();
  }

  /** The whole connection: nothing of it is kept for a second answer that was asked for on it. */
  cut(): void {
    this.#response.req.socket.destroy();
  }

  get isCut(): boolean {
    return this.#response.req.socket.destroyed;
  }

  get hasEnded(): boolean {
    return this.#response.writableEnded;
  }

  /** Lets go of all that lies unread. */
  release(): void {
    for (const { frame } of this.#unread) this.#frames.release(frame);
    this.#unread = [];
  }

  #taken(): void {
    const taken = this.#unread.shift();
    if (taken === undefined) return;
    if (!taken.isBeginning) this.#queuedBytes -= taken.frame.bytes.length;
    this.#frames.release(taken.frame);
  }
}
