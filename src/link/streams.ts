import { Flow } from './core/flow.ts';
import type { LinkLimits } from './limits.ts';
import type { Link, LinkListener, LinkStream, StreamHandlers } from './link.ts';
import type { Outbox } from './outbox.ts';
import { decodeReason, encodeReason } from './reason.ts';
import { OpenStream, type StreamOwner } from './stream.ts';
import { frameType, headerBytes, readU32, writeU32 } from './wire.ts';

export interface StreamsOptions {
  readonly link: Link;
  readonly listener: LinkListener;
  readonly limits: LinkLimits;
  readonly out: Outbox;
  /** This side dialled: its streams have odd numbers. */
  readonly dialled: boolean;
  /** The credit with which the peer's reader begins. */
  readonly sendWindowBytes: number;
  /** Something was put out, or there is something to `fill` in. */
  readonly touch: () => void;
  readonly setTimer: (fire: () => void) => void;
}

/** The streams of one connection. Those that have something to send take turns, a frame each. */
export class Streams implements StreamOwner {
  readonly link: Link;
  readonly payloadBytesMax: number;
  readonly #options: StreamsOptions;
  readonly #streams = new Map<number, OpenStream>();
  #ready: OpenStream[] = [];
  #closing: (() => void)[] = [];
  #opened = 0;
  #served = 0;
  #lastId: number;

  constructor(options: StreamsOptions) {
    this.#options = options;
    this.link = options.link;
    this.payloadBytesMax = options.limits.payloadBytesMax;
    this.#lastId = options.dialled ? -1 : 0;
  }

  open(kind: number, payload: Uint8Array, handlers: StreamHandlers): LinkStream | undefined {
    if (this.#opened >= this.#options.limits.streamsMax) return undefined;
    this.#opened++;
    const stream = this.#add(this.#nextId());
    stream.handlers = handlers;
    this.#options.out.frame(frameType.streamOpen, kind, stream.id, payload);
    this.#options.touch();
    return stream;
  }

  /** Returns what is wrong with a frame of a stream, as the end of a sentence about its sender. */
  frame(type: number, kind: number, id: number, payload: Uint8Array): string | undefined {
    if (type === frameType.streamOpen) return this.#accept(kind, id, payload);
    const stream = this.#streams.get(id);
    // It was reset here, and the peer has not seen that yet.
    if (stream === undefined) return undefined;
    switch (type) {
      case frameType.streamData:
        return stream.received(payload) ? undefined : 'sent more on a stream than it may';
      case frameType.streamEnd:
        return stream.receivedEnd() ? undefined : 'ended a stream twice';
      case frameType.credit:
        return stream.receivedCredit(readU32(payload, 0)) ? undefined : 'granted more than there is';
      default:
        stream.broke(decodeReason(payload));
        return undefined;
    }
  }

  /** Puts out what waits, up to a bound. True when there is more. */
  fill(): boolean {
    const { limits } = this.#options;
    let roomBytes = limits.streamFlushBytesMax;
    while (roomBytes > 0) {
      const stream = this.#ready.shift();
      if (stream === undefined) return false;
      stream.isReady = false;
      // The header counts: frames of one byte must come to an end as well.
      roomBytes -= headerBytes + this.#send(stream);
    }
    return this.#ready.length > 0;
  }

  /** The link is down. */
  drop(reason: string): void {
    this.#ready = [];
    for (const stream of [...this.#streams.values()]) stream.broke(reason);
    this.#closeAll();
  }

  ready(stream: OpenStream): void {
    if (stream.isReady || stream.isOver || !(stream.flow.sendable || stream.endsNow)) return;
    stream.isReady = true;
    this.#ready.push(stream);
    this.#options.touch();
  }

  grant(id: number, byteCount: number): void {
    const payload = new Uint8Array(4);
    writeU32(payload, 0, byteCount);
    this.#options.out.frame(frameType.credit, 0, id, payload);
    this.#options.touch();
  }

  reset(id: number, reason: string): void {
    this.#options.out.frame(frameType.streamReset, 0, id, encodeReason(reason));
    this.#options.touch();
  }

  over(stream: OpenStream): void {
    if (!this.#streams.delete(stream.id)) return;
    if (this.#isOwn(stream.id)) this.#opened--;
    else this.#served--;
  }

  closeLater(stream: OpenStream, reason: string): void {
    if (this.#closing.length === 0) this.#options.setTimer(() => this.#closeAll());
    this.#closing.push(() => stream.handlers?.closed(reason));
  }

  #send(stream: OpenStream): number {
    const { limits, out } = this.#options;
    let sentBytes = 0;
    if (stream.flow.sendable) {
      const bytes = stream.flow.take(limits.streamFrameBytesMax);
      sentBytes = bytes.length;
      out.frame(frameType.streamData, 0, stream.id, bytes);
    }
    if (stream.endsNow) {
      out.frame(frameType.streamEnd, 0, stream.id);
      stream.endSent();
    }
    this.ready(stream);
    stream.checkWritable();
    return sentBytes;
  }

  #accept(kind: number, id: number, payload: Uint8Array): string | undefined {
    const { listener, limits } = this.#options;
    if (this.#isOwn(id) || this.#streams.has(id)) return 'opened a stream under a number that is taken';
    if (this.#served >= limits.streamsServedMax) {
      this.reset(id, 'Too many streams are open.');
      return undefined;
    }
    this.#served++;
    const stream = this.#add(id);
    const handlers = listener.stream?.(this.link, kind, payload, stream);
    if (handlers !== undefined) stream.handlers = handlers;
    else stream.reset('Nobody takes this stream.');
    return undefined;
  }

  #add(id: number): OpenStream {
    const { sendWindowBytes, limits } = this.#options;
    const stream = new OpenStream(this, id, new Flow(sendWindowBytes, limits.streamWindowBytes));
    this.#streams.set(id, stream);
    return stream;
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId + 2) >>> 0;
    while (this.#streams.has(this.#lastId));
    return this.#lastId;
  }

  #isOwn(id: number): boolean {
    return (id % 2 === 1) === this.#options.dialled;
  }

  #closeAll(): void {
    const closing = this.#closing;
    this.#closing = [];
    for (const close of closing) close();
  }
}
