import type { IncomingHttpHeaders } from 'node:http2';
import type { CallSink, ClientCall } from '../../grpc/index.ts';
import { HoldfastError } from '../../std/index.ts';
import type { Outcome } from '../core/events.ts';
import type { Instance } from '../discovery.ts';
import { Exchange } from '../driver/exchange.ts';
import type { GrpcConnections } from './connections.ts';
import { verdictOf } from './verdict.ts';

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
        settled(this.#outcome(error ?? new HoldfastError('internal', text, { answered: true })));
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
  #outcome(error: HoldfastError): Outcome {
    if (!error.answered) return { type: 'failed', error };
    this.#error = error;
    return { type: 'answered', verdict: verdictOf(error) };
  }
}
