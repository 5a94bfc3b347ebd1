import { headerBytes, magic, problemOf, readU16, readU32 } from './wire.ts';

/** Takes the frames of a connection in their order. */
export interface FrameSink {
  frame(type: number, kind: number, id: number, payload: Uint8Array): void;
}

/**
 * Cuts what arrives into frames. A payload that lies in one chunk is a view of it; only one that spans
 * chunks is copied, once, into an array of its length. Invariant: after a problem or `stop` nothing more is
 * delivered.
 */
export class FrameReader {
  /** Of the longest payload taken. Small until the peer has shown who it is. */
  payloadBytesMax: number;
  #magicLength = 0;
  /** The first part of a header, when the rest has not arrived. */
  readonly #head = new Uint8Array(headerBytes);
  #headLength = 0;
  /** The payload that has arrived in part. */
  #payload: Uint8Array | undefined;
  #payloadLength = 0;
  /** The header read last. */
  #type = 0;
  #kind = 0;
  #id = 0;
  #length = 0;
  #problem: string | undefined;
  #stopped = false;

  constructor(payloadBytesMax: number) {
    this.payloadBytesMax = payloadBytesMax;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  stop(): void {
    this.#stopped = true;
    this.#payload = undefined;
  }

  /** Returns what is wrong with what came, as the end of a sentence about its sender: then it stops. */
  push(chunk: Uint8Array, sink: FrameSink): string | undefined {
    if (this.#stopped) return undefined;
    let at = this.#takeMagic(chunk);
    at = this.#finish(chunk, at, sink);
    while (!this.#stopped && chunk.length - at >= headerBytes && this.#begin(chunk, at)) {
      const start = at + headerBytes;
      const end = start + this.#length;
      if (end > chunk.length) {
        at = this.#keep(chunk, start);
        break;
      }
      at = end;
      sink.frame(this.#type, this.#kind, this.#id, chunk.subarray(start, end));
    }
    if (!this.#stopped && at < chunk.length) {
      this.#head.set(chunk.subarray(at));
      this.#headLength = chunk.length - at;
    }
    return this.#problem;
  }

  #takeMagic(chunk: Uint8Array): number {
    let at = 0;
    while (this.#magicLength < magic.length && at < chunk.length) {
      if (chunk[at++] !== magic[this.#magicLength++]) {
        this.#fail('does not speak the protocol of links');
        break;
      }
    }
    return at;
  }

  /** Goes on with the frame that an earlier chunk has begun. Returns where the next one starts. */
  #finish(chunk: Uint8Array, start: number, sink: FrameSink): number {
    let at = start;
    if (this.#stopped) return at;
    if (this.#headLength > 0) {
      const part = chunk.subarray(at, at + headerBytes - this.#headLength);
      this.#head.set(part, this.#headLength);
      this.#headLength += part.length;
      at += part.length;
      if (this.#headLength < headerBytes) return at;
      this.#headLength = 0;
      if (!this.#begin(this.#head, 0)) return at;
      this.#keep(chunk, chunk.length);
    }
    if (this.#payload === undefined) return at;
    const part = chunk.subarray(at, at + this.#payload.length - this.#payloadLength);
    this.#payload.set(part, this.#payloadLength);
    this.#payloadLength += part.length;
    at += part.length;
    if (this.#payloadLength < this.#payload.length) return at;
    const payload = this.#payload;
    this.#payload = undefined;
    sink.frame(this.#type, this.#kind, this.#id, payload);
    return at;
  }

  /** Makes room for a payload whose beginning may lie in this chunk. Returns where the chunk is used up. */
  #keep(chunk: Uint8Array, start: number): number {
    this.#payload = new Uint8Array(this.#length);
    this.#payload.set(chunk.subarray(start));
    this.#payloadLength = chunk.length - start;
    return chunk.length;
  }

  /** Reads a header. False when there is something wrong with it. */
  #begin(bytes: Uint8Array, at: number): boolean {
    this.#length = readU32(bytes, at);
    this.#type = bytes[at + 4] as number;
    this.#kind = readU16(bytes, at + 6);
    this.#id = readU32(bytes, at + 8);
    const problem = problemOf(this.#type, bytes[at + 5] as number, this.#kind, this.#id, this.#length);
    if (problem !== undefined) this.#fail(problem);
    else if (this.#length > this.payloadBytesMax) {
      this.#fail(`sent a frame of ${this.#length} bytes, over the bound of ${this.payloadBytesMax}`);
    }
    return !this.#stopped;
  }

  #fail(problem: string): void {
    this.#problem = problem;
    this.stop();
  }
}
