import * as http2 from 'node:http2';
import type { Clock, Timer } from '../host/index.ts';
import { HoldfastError, type Observe } from '../std/index.ts';
import type { HeldBytes } from './held-bytes.ts';
import { limits } from './limits.ts';
import type { GrpcCall } from './service.ts';
import { contentType, parseTimeout, statusFields } from './wire.ts';

/** What a gRPC server reports: each call once, and what its handler threw where that is no HoldfastError. */
export type GrpcEvent =
  /** `status` 1: the caller left. */
  | { readonly type: 'call-ended'; readonly procedure: string; readonly status: number }
  | { readonly type: 'handler-threw'; readonly procedure: string; readonly error: unknown };

export interface CallTerms {
  readonly clock: Clock;
  /** For the message of a call that has exactly one. Default: see limits. */
  readonly requestTimeoutMs?: number | undefined;
  readonly observe?: Observe<GrpcEvent> | undefined;
}

const { NGHTTP2_NO_ERROR, NGHTTP2_CANCEL } = http2.constants;
const okHeaders = { ':status': 200, 'content-type': contentType };
const okTrailers = { 'grpc-status': '0' };

/**
 * One call at the server: its time limit and its end, which is reported once. Makes its abort signal only
 * for handlers that ask for it.
 */
export class ServerCall implements GrpcCall {
  readonly procedure: string;
  readonly headers: http2.IncomingHttpHeaders;
  readonly deadlineMs: number | undefined;
  readonly stream: http2.ServerHttp2Stream;
  readonly #terms: CallTerms;
  readonly #held: HeldBytes;
  #heldBytes = 0;
  #timer: Timer | undefined;
  #signal: AbortSignal | undefined;
  /** Its timer runs for its message, not yet for its deadline. */
  #awaitsMessage = false;
  #ended = false;

  constructor(
    procedure: string,
    stream: http2.ServerHttp2Stream,
    headers: http2.IncomingHttpHeaders,
    terms: CallTerms,
    held: HeldBytes,
  ) {
    this.procedure = procedure;
    this.stream = stream;
    this.headers = headers;
    this.#terms = terms;
    this.#held = held;
    const timeoutMs = parseTimeout(headers['grpc-timeout']);
    this.deadlineMs = timeoutMs === undefined ? undefined : terms.clock.nowMs() + timeoutMs;
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const controller = new AbortController();
      this.#signal = controller.signal;
      if (this.stream.destroyed) controller.abort();
      else this.stream.once('close', () => controller.abort());
    }
    return this.#signal;
  }

  /** True once its status is decided: an answer, an error, or that the caller left. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Starts its time: all of it until the deadline, and that of its message where it has only one. */
  start(hasOneMessage: boolean): void {
    const { clock } = this.#terms;
    const leftMs =
      this.deadlineMs === undefined ? Number.POSITIVE_INFINITY : this.deadlineMs - clock.nowMs();
    const requestMs = hasOneMessage ? (this.#terms.requestTimeoutMs ?? limits.requestTimeoutMs) : leftMs;
    const isDeadline = leftMs <= requestMs;
    if (isDeadline && this.deadlineMs === undefined) return;
    this.#timer = clock.setTimer(Math.min(leftMs, requestMs), () =>
      this.#expire(isDeadline ? "The call's deadline has passed." : 'The message did not arrive in time.'),
    );
    this.#awaitsMessage = !isDeadline;
  }

  /** So many bytes wait for the rest of their message. Over the server's bound the call fails. */
  holds(bytes: number): void {
    const fits = this.#held.change(this.#heldBytes, bytes);
    this.#heldBytes = bytes;
    if (fits) return;
    const text = 'The server holds too many unfinished requests: try again later.';
    this.fail(new HoldfastError('resource_exhausted', text));
  }

  /** Its one message is there: what is left is the deadline. */
  received(): void {
    if (!this.#awaitsMessage) return;
    this.#awaitsMessage = false;
    this.#timer?.cancel();
    this.start(false);
  }

  /** Sends the header that goes before the first message. */
  begin(): void {
    if (!this.stream.headersSent) this.stream.respond(okHeaders, { waitForTrailers: true });
  }

  /** Ends with status OK, after `frame` where there is one. */
  finish(frame?: Buffer): void {
    const { stream } = this;
    if (this.#ended || stream.destroyed) return;
    this.begin();
    stream.once('wantTrailers', () => this.#sendTrailers(okTrailers));
    if (frame === undefined) stream.end();
    else stream.end(frame);
    this.#end(0);
  }

  /** Ends with what a handler threw, or with an error of the server's own. */
  fail(error: unknown): void {
    const known = error instanceof HoldfastError;
    if (!known && !this.#isFarewell(error)) {
      this.#terms.observe?.({ type: 'handler-threw', procedure: this.procedure, error });
    }
    if (this.#ended) return;
    const answer = known ? error : new HoldfastError('internal', 'The service failed to answer.');
    this.#end(answer.grpcStatus);
    this.#answer(answer);
  }

  /** The stream is closed. */
  closed(): void {
    this.#timer?.cancel();
    if (!this.#ended) this.#end(1);
  }

  /** A handler that gives up because its caller did has nothing to report. */
  #isFarewell(error: unknown): boolean {
    return this.#ended && this.#signal?.aborted === true && (error as Error | null)?.name === 'AbortError';
  }

  #expire(text: string): void {
    const begun = this.stream.headersSent;
    this.fail(new HoldfastError('deadline_exceeded', text));
    // Trailers would wait for a reader who takes no more; its own deadline tells it as much.
    if (begun) this.stream.close(NGHTTP2_CANCEL);
  }

  /** In trailers when its answer has begun, else in a trailers-only answer. */
  #answer(error: HoldfastError): void {
    const { stream } = this;
    if (stream.destroyed) return;
    const status = statusFields(error);
    if (stream.headersSent) {
      stream.once('wantTrailers', () => this.#sendTrailers(status));
      stream.end();
      return;
    }
    stream.respond({ ...okHeaders, ...status }, { endStream: true });
    this.#stopReading();
  }

  #sendTrailers(trailers: Record<string, string>): void {
    this.stream.sendTrailers(trailers);
    this.#stopReading();
  }

  /**
   * After the answer a request that goes on is read to no purpose for a moment: a reset at once (RFC 9113,
   * 8.1) makes some callers forget the answer. One that never ends must not keep the stream.
   */
  #stopReading(): void {
    const { stream } = this;
    if (stream.readableEnded || stream.destroyed) return;
    stream.resume();
    this.#timer = this.#terms.clock.setTimer(limits.lingerMs, () => stream.close(NGHTTP2_NO_ERROR));
  }

  #end(status: number): void {
    this.#ended = true;
    this.holds(0);
    this.#timer?.cancel();
    this.#terms.observe?.({ type: 'call-ended', procedure: this.procedure, status });
  }
}
