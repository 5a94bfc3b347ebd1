import * as http2 from 'node:http2';
import { describeError, HoldfastError } from '../std/index.ts';
import { codeOfHttpStatus, errorOf, FrameReader, type Status, statusIn } from './wire.ts';

/** Where the events of one call go. `ended` comes once and last, unless the call was cancelled. */
export interface CallSink {
  message(bytes: Buffer): void;
  /**
   * Undefined: status OK. An error with `answered` is the peer's own status; one with
   * `mayHaveExecuted: false` provably never left.
   */
  ended(error: HoldfastError | undefined, trailers: http2.IncomingHttpHeaders): void;
}

/** A call under way. */
export interface ClientCall {
  /** Sends one framed message; false when its reader is behind: wait for `onDrain`. */
  write(frame: Buffer): boolean;
  onDrain(listener: () => void): void;
  /** Stops or resumes `message`: backpressure towards the peer. */
  setReading(reading: boolean): void;
  /** No more messages will be sent. */
  end(frame?: Buffer): void;
  cancel(): void;
}

/** What a call needs of its connection. */
export interface Line {
  /** Names the instance in errors. */
  readonly where: string;
  /** Received so far, whatever it was. */
  readonly bytesHeard: number;
  ended(call: StreamedCall): void;
  /** A call was given up that began when so much had been heard: with nothing since, the peer may be gone. */
  suspect(bytesHeardBefore: number): void;
  /** Why the call provably did not reach the peer's application; undefined when it may have. */
  unsent(stream: http2.ClientHttp2Stream, wasQueued: boolean, cause?: Error): Error | undefined;
}

const { NGHTTP2_CANCEL, NGHTTP2_STREAM_STATE_IDLE } = http2.constants;

/** A call as a stream of its connection. */
export class StreamedCall implements ClientCall {
  readonly #stream: http2.ClientHttp2Stream;
  readonly #line: Line;
  readonly #sink: CallSink;
  readonly #reader = new FrameReader();
  readonly #bytesHeardBefore: number;
  #httpStatus = 0;
  #status: Status | undefined;
  #trailers: http2.IncomingHttpHeaders = {};
  #cause: Error | undefined;
  /** It waited for one of the streams that its peer allows at once when the connection broke. */
  #wasQueued = false;
  #ended = false;

  constructor(stream: http2.ClientHttp2Stream, line: Line, sink: CallSink) {
    this.#stream = stream;
    this.#line = line;
    this.#sink = sink;
    this.#bytesHeardBefore = line.bytesHeard;
    stream.on('response', (headers) => {
      this.#httpStatus = headers[':status'] ?? 0;
      this.#noteStatus(headers);
    });
    stream.on('trailers', (trailers) => this.#noteStatus(trailers));
    stream.on('data', (chunk: Buffer) => this.#received(chunk));
    stream.on('end', () => {
      if (this.#status !== undefined) this.#end(this.#verdict(this.#status));
    });
    stream.on('error', (error) => {
      this.#cause = error;
    });
    stream.on('close', () => {
      line.ended(this);
      if (!this.#ended) this.#end(this.#brokenOff());
    });
  }

  write(frame: Buffer): boolean {
    return this.#stream.write(frame);
  }

  onDrain(listener: () => void): void {
    this.#stream.on('drain', listener);
  }

  setReading(reading: boolean): void {
    if (reading) this.#stream.resume();
    else this.#stream.pause();
  }

  end(frame?: Buffer): void {
    if (frame === undefined) this.#stream.end();
    else this.#stream.end(frame);
  }

  cancel(): void {
    this.#ended = true;
    this.#reset();
    this.#line.suspect(this.#bytesHeardBefore);
  }

  connectionLost(): void {
    this.#neverEnd();
    this.#wasQueued ||= this.#stream.state.state === NGHTTP2_STREAM_STATE_IDLE;
  }

  /** In the trailers, or in the header of an answer that has nothing else. */
  #noteStatus(headers: http2.IncomingHttpHeaders): void {
    const status = statusIn(headers);
    if (status === undefined) return;
    this.#status = status;
    this.#trailers = headers;
  }

  #received(chunk: Buffer): void {
    if (this.#ended || this.#httpStatus !== 200) return;
    try {
      for (const message of this.#reader.push(chunk)) this.#sink.message(message);
    } catch (cause) {
      const { code } = cause as HoldfastError;
      const text = `${this.#line.where} answered with what cannot be read`;
      // Whatever is wrong with the answer, the call was carried out.
      const options = { cause, mayHaveExecuted: true, retryable: false };
      this.#end(new HoldfastError(code, `${text}: ${describeError(cause)}`, options));
      this.#reset();
    }
  }

  #verdict(status: Status): HoldfastError | undefined {
    if (status.status !== 0) return errorOf(status, this.#line.where);
    if (this.#reader.unfinishedBytes === 0) return undefined;
    return new HoldfastError(
      'internal',
      `${this.#line.where} ended its answer in the middle of a message.`,
    );
  }

  #brokenOff(): HoldfastError {
    const { where } = this.#line;
    // An OK counts only with all that came before it.
    if (this.#status !== undefined && this.#status.status !== 0) return errorOf(this.#status, where);
    if (this.#httpStatus !== 0 && this.#httpStatus !== 200) {
      const text = `${where} answered with HTTP status ${this.#httpStatus}.`;
      const options = { cause: this.#cause, answered: true, mayHaveExecuted: true };
      return new HoldfastError(codeOfHttpStatus(this.#httpStatus), text, options);
    }
    const unsent = this.#line.unsent(this.#stream, this.#wasQueued, this.#cause);
    if (unsent !== undefined) {
      const text = `${where} cannot be reached (${describeError(unsent)}).`;
      return new HoldfastError('unavailable', text, { cause: unsent, mayHaveExecuted: false });
    }
    const text = `${where} broke off before its answer was whole.`;
    return new HoldfastError('unavailable', text, { cause: this.#cause });
  }

  #end(error: HoldfastError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sink.ended(error, this.#trailers);
    // The peer has said its last word: nobody reads what is still to be sent.
    if (!this.#stream.writableFinished) this.#reset();
  }

  #reset(): void {
    this.#neverEnd();
    this.#stream.close(NGHTTP2_CANCEL);
  }

  /** Node ends a request before it resets it, and the peer would take what came for all of it. */
  #neverEnd(): void {
    this.#stream._final = (done) => done();
  }
}
