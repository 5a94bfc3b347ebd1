import * as http2 from 'node:http2';
import { describeError, HoldfastError } from '../std/index.ts';
import { limits } from './limits.ts';
import { codeOfHttpStatus, contentType, errorOf, FrameReader, type Status, statusIn } from './wire.ts';

/** Where the events of one call go. `ended` comes once and last, unless the call was cancelled. */
export interface CallSink {
  message(bytes: Buffer): void;
  /** Undefined: status OK. An error with `mayHaveExecuted: false` provably never left. */
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

/** One HTTP/2 connection to an instance, with any number of calls on it. It is not made anew once closed. */
export class GrpcConnection {
  readonly #session: http2.ClientHttp2Session;
  readonly #where: string;
  readonly #authority: string;
  #failure: Error | undefined;
  #connected = false;
  #usable = true;

  /** `where` names the instance in errors. */
  constructor(address: { readonly host: string; readonly port: number }, where: string) {
    this.#where = where;
    const host = address.host.includes(':') ? `[${address.host}]` : address.host;
    this.#authority = `${host}:${address.port}`;
    this.#session = http2.connect(`http://${this.#authority}`, {
      settings: { enablePush: false, initialWindowSize: limits.streamWindowBytes },
    });
    this.#session.once('connect', () => {
      this.#connected = true;
      if (!this.#session.destroyed) this.#session.setLocalWindowSize(limits.connectionWindowBytes);
    });
    this.#session.on('error', (error) => {
      this.#failure ??= error;
      this.#usable = false;
    });
    this.#session.once('goaway', () => {
      this.#usable = false;
    });
    this.#session.once('close', () => {
      this.#usable = false;
    });
  }

  /** False once it failed, was closed or its peer takes no further calls: make another. */
  get usable(): boolean {
    return this.#usable;
  }

  /** `headers` are names in lower case and values in turn: node:http2 takes such a list as it is. */
  call(path: string, headers: readonly string[], sink: CallSink): ClientCall {
    const stream = this.#session.request([
      ':method',
      'POST',
      ':path',
      path,
      ':scheme',
      'http',
      ':authority',
      this.#authority,
      'te',
      'trailers',
      'content-type',
      contentType,
      ...headers,
    ]);
    return new StreamedCall(stream, this.#where, sink, (cause) => this.#unsent(stream, cause));
  }

  /** Calls back once it is connected; never when that fails, which each call is told. */
  whenConnected(connected: () => void): void {
    if (this.#connected) connected();
    else this.#session.once('connect', connected);
  }

  /** Ends when the calls under way have ended. */
  close(): void {
    this.#usable = false;
    if (!this.#session.destroyed) this.#session.close();
  }

  destroy(): void {
    this.#usable = false;
    if (!this.#session.destroyed) this.#session.destroy();
  }

  /** The connection's failure when the stream provably did not reach the peer's application. */
  #unsent(stream: http2.ClientHttp2Stream, cause: Error | undefined): Error | undefined {
    // Node ends a stream that was still pending with an error whose cause is the connection's.
    if (!this.#connected)
      return this.#failure ?? (cause?.cause as Error) ?? cause ?? new Error('it was closed');
    if (stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM)
      return new Error('the peer takes no calls now');
    return undefined;
  }
}

class StreamedCall implements ClientCall {
  readonly #stream: http2.ClientHttp2Stream;
  readonly #where: string;
  readonly #sink: CallSink;
  readonly #unsent: (cause: Error | undefined) => Error | undefined;
  readonly #reader = new FrameReader();
  #httpStatus = 0;
  #status: Status | undefined;
  #trailers: http2.IncomingHttpHeaders = {};
  #cause: Error | undefined;
  #ended = false;

  constructor(
    stream: http2.ClientHttp2Stream,
    where: string,
    sink: CallSink,
    unsent: (cause: Error | undefined) => Error | undefined,
  ) {
    this.#stream = stream;
    this.#where = where;
    this.#sink = sink;
    this.#unsent = unsent;
    stream.on('response', (headers) => {
      this.#httpStatus = headers[':status'] ?? 0;
      this.#status = statusIn(headers);
    });
    stream.on('trailers', (trailers) => {
      this.#trailers = trailers;
      this.#status = statusIn(trailers) ?? this.#status;
    });
    stream.on('data', (chunk: Buffer) => this.#received(chunk));
    stream.on('end', () => {
      if (this.#status !== undefined) this.#end(this.#verdict(this.#status));
    });
    stream.on('error', (error) => {
      this.#cause = error;
    });
    stream.on('close', () => {
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
    this.#stream.close(http2.constants.NGHTTP2_CANCEL);
  }

  #received(chunk: Buffer): void {
    if (this.#ended || this.#httpStatus !== 200) return;
    try {
      for (const message of this.#reader.push(chunk)) this.#sink.message(message);
    } catch (error) {
      this.#end(error as HoldfastError);
      this.#stream.close(http2.constants.NGHTTP2_CANCEL);
    }
  }

  #verdict(status: Status): HoldfastError | undefined {
    if (status.status !== 0) return errorOf(status, this.#where);
    if (this.#reader.unfinishedBytes === 0) return undefined;
    return new HoldfastError('internal', `${this.#where} ended its answer in the middle of a message.`);
  }

  #brokenOff(): HoldfastError {
    if (this.#httpStatus !== 0 && this.#httpStatus !== 200) {
      const text = `${this.#where} answered with HTTP status ${this.#httpStatus}.`;
      return new HoldfastError(codeOfHttpStatus(this.#httpStatus), text, { cause: this.#cause });
    }
    const unsent = this.#unsent(this.#cause);
    if (unsent !== undefined) {
      const text = `${this.#where} cannot be reached (${describeError(unsent)}).`;
      return new HoldfastError('unavailable', text, { cause: unsent, mayHaveExecuted: false });
    }
    const text = `${this.#where} broke off before its answer was whole.`;
    return new HoldfastError('unavailable', text, { cause: this.#cause });
  }

  #end(error: HoldfastError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sink.ended(error, this.#trailers);
  }
}
