import type { IncomingHttpHeaders } from 'node:http2';
import type { CallSink, ClientCall } from '../../grpc/index.ts';
import { HoldfastError } from '../../std/index.ts';
import type { Outcome } from '../core/events.ts';
import type { Instance } from '../discovery.ts';
import { Exchange } from '../driver/exchange.ts';
import type { GrpcConnections } from './connections.ts';

export interface UnaryAnswer {
  readonly message: Buffer;
  readonly trailers: IncomingHttpHeaders;
}

export interface UnaryRequest {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly frame: Buffer;
  /** Names and values in turn. */
  headers(remainingMs: number): readonly string[];
}

/**
 * The codes with which an instance says that something is wrong with itself rather than with the request:
 * they count against it. Of these, `unavailable` and `resource_exhausted` mean that it did nothing.
 */
const faultCodes = new Set(['unknown', 'internal', 'data_loss', 'deadline_exceeded']);

/** One unary gRPC call: an answer with an error status is the call's error, not a failed attempt. */
export class UnaryExchange extends Exchange {
  readonly #connections: GrpcConnections;
  readonly #request: UnaryRequest;
  readonly #resolve: (answer: UnaryAnswer) => void;
  readonly #reject: (error: HoldfastError) => void;
  #attempt: ClientCall | undefined;
  #answer: UnaryAnswer | undefined;
  #error: HoldfastError | undefined;

  constructor(
    connections: GrpcConnections,
    request: UnaryRequest,
    resolve: (answer: UnaryAnswer) => void,
    reject: (error: HoldfastError) => void,
  ) {
    super();
    this.#connections = connections;
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  override send(instance: Instance, remainingMs: number, settled: (outcome: Outcome) => void): void {
    let message: Buffer | undefined;
    this.#answer = undefined;
    this.#error = undefined;
    const sink: CallSink = {
      message: (bytes) => {
        message = bytes;
      },
      ended: (error, trailers) => {
        if (error === undefined && message !== undefined) {
          this.#answer = { message, trailers };
          settled({ type: 'answered', verdict: 'ok' });
          return;
        }
        const text = `${instance.id} answered without a message.`;
        settled(this.#outcome(error ?? new HoldfastError('internal', text), trailers));
      },
    };
    const { path, frame } = this.#request;
    this.#attempt = this.#connections.to(instance).call(path, this.#request.headers(remainingMs), sink);
    this.#attempt.end(frame);
  }

  override abort(): void {
    this.#attempt?.cancel();
  }

  override deliver(): void {
    if (this.#answer === undefined) this.#reject(this.#error as HoldfastError);
    else this.#resolve(this.#answer);
  }

  override fail(error: HoldfastError): void {
    this.#reject(error);
  }

  /** An error with a status is the instance's answer; one without is a failure on the way. */
  #outcome(error: HoldfastError, trailers: IncomingHttpHeaders): Outcome {
    if (trailers['grpc-status'] === undefined) return { type: 'failed', error };
    this.#error = error;
    const overloaded = error.code === 'unavailable' || error.code === 'resource_exhausted';
    const verdict = overloaded ? 'overloaded' : faultCodes.has(error.code) ? 'failed' : 'ok';
    return { type: 'answered', verdict };
  }
}
