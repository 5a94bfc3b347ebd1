import type { IncomingHttpHeaders } from 'node:http2';
import type { CallSink, ClientCall } from '../../grpc/index.ts';
import { HoldfastError } from '../../std/index.ts';
import type { Sending } from '../core/attempt.ts';
import type { Outcome } from '../core/events.ts';
import { Exchange, type Target } from '../driver/exchange.ts';
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
  headers(remainingMs: number, attempt: number): readonly string[];
}

/** One unary gRPC call: an answer with an error status is the call's error, not a failed attempt. */
export class UnaryExchange extends Exchange<UnaryAttempt> {
  readonly #connections: GrpcConnections;
  readonly #request: UnaryRequest;
  readonly #resolve: (answer: UnaryAnswer) => void;
  readonly #reject: (error: HoldfastError) => void;

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

  override send(target: Target): UnaryAttempt {
    const { path, frame } = this.#request;
    const attempt = new UnaryAttempt(target);
    const headers = this.#request.headers(target.remainingMs, target.attempt);
    attempt.begin(this.#connections.to(target.instance).call(path, headers, attempt), frame);
    return attempt;
  }

  override deliver({ answer, error }: UnaryAttempt): void {
    if (answer === undefined) this.#reject(error as HoldfastError);
    else this.#resolve(answer);
  }

  override fail(error: HoldfastError): void {
    this.#reject(error);
  }
}

class UnaryAttempt implements Sending, CallSink {
  answer: UnaryAnswer | undefined;
  error: HoldfastError | undefined;
  readonly #target: Target;
  #call: ClientCall | undefined;
  #message: Buffer | undefined;

  constructor(target: Target) {
    this.#target = target;
  }

  begin(call: ClientCall, frame: Buffer): void {
    this.#call = call;
    call.end(frame);
  }

  abort(): void {
    this.#call?.cancel();
  }

  message(bytes: Buffer): void {
    this.#message = bytes;
  }

  ended(error: HoldfastError | undefined, trailers: IncomingHttpHeaders): void {
    if (error === undefined && this.#message !== undefined) {
      this.answer = { message: this.#message, trailers };
      this.#target.settled({ type: 'answered', verdict: 'ok' });
      return;
    }
    const text = `${this.#target.instance.id} answered without a message.`;
    this.#target.settled(this.#outcome(error ?? new HoldfastError('internal', text, { answered: true })));
  }

  /** An error with a status is the instance's answer; one without is a failure on the way. */
  #outcome(error: HoldfastError): Outcome {
    if (!error.answered) return { type: 'failed', error };
    this.error = error;
    const { retryAfterMs } = error;
    return { type: 'answered', verdict: verdictOf(error), retryAfterMs };
  }
}
