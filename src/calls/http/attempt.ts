import type { Dispatcher } from 'undici';
import { describeError, HoldfastError } from '../../std/index.ts';
import { attemptHeader } from '../context.ts';
import type { Sending } from '../core/attempt.ts';
import type { Outcome } from '../core/events.ts';
import type { Target } from '../driver/exchange.ts';
import { limits } from '../limits.ts';
import type { AnswerHeaders } from './answer.ts';
import { requestFailure, transportFailure } from './failure.ts';
import type { Pools } from './pools.ts';

/** What one attempt sends. */
export interface OutgoingMessage extends Dispatcher.DispatchOptions {
  /** Sending it twice does no more than once, and it can be sent twice. */
  readonly isRepeatable: boolean;
}

/**
 * One attempt over HTTP/1.1, as undici's handler of it. Settles once; after `abort`, never.
 *
 * A server closes an idle connection whenever it likes, also while a request is on its way there. When such
 * a connection, one that had served before, breaks without a byte of an answer, the request is sent again at
 * once, to the same instance (RFC 9110, 9.2.2; RFC 9112, 9.3.1): that does not speak against the instance.
 * What had not begun to leave is free. The rest costs what a retry costs, says that it is one, and is sent
 * again only if it may be repeated: whether the server read it nobody can tell from here.
 */
export abstract class HttpAttempt implements Sending, Dispatcher.DispatchHandler {
  protected readonly target: Target;
  protected controller: Dispatcher.DispatchController | undefined;
  /** Nothing that happens here changes the call any more. */
  protected isSettled = false;
  protected isAborted = false;
  readonly #pools: Pools;
  readonly #message: OutgoingMessage;
  #isDispatching = false;
  /** A byte of it may have reached the instance. */
  #hasLeft = false;
  #hasAnswerBegun = false;
  #resends = 0;

  constructor(pools: Pools, target: Target, message: OutgoingMessage) {
    this.#pools = pools;
    this.target = target;
    this.#message = message;
  }

  begin(): void {
    this.#isDispatching = true;
    try {
      this.#pools.dispatch(this.target.instance, this.#message, this);
    } finally {
      this.#isDispatching = false;
    }
  }

  abort(): void {
    this.isSettled = true;
    this.isAborted = true;
    this.controller?.abort(new Error('aborted'));
  }

  /** undici calls this right before the first byte is written: what fails earlier never left. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    this.#hasLeft = true;
    if (this.isAborted) controller.abort(new Error('aborted'));
  }

  /** The first byte of an answer. */
  onResponseStarted(): void {
    this.#hasAnswerBegun = true;
  }

  abstract onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: AnswerHeaders,
    statusText?: string,
  ): void;
  abstract onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void;
  abstract onResponseEnd(controller: Dispatcher.DispatchController, trailers: AnswerHeaders): void;

  onResponseError(_: unknown, cause: Error): void {
    if (this.isSettled) return;
    if (this.#mayGoAgain(cause)) {
      this.#resends += 1;
      this.controller = undefined;
      // Not within the closing connection's own bookkeeping.
      queueMicrotask(() => this.#sendAgain());
      return;
    }
    this.settle({ type: 'failed', error: this.failureOf(cause) });
  }

  protected failureOf(cause: Error): HoldfastError {
    if (this.#isDispatching && !this.#hasLeft) return requestFailure(cause);
    return transportFailure(cause, this.target.instance, this.#hasLeft);
  }

  protected settle(outcome: Outcome): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.target.settled(outcome);
  }

  #mayGoAgain(cause: Error): boolean {
    if (this.#resends >= limits.closedOnUsMax || !this.#pools.hadServed(cause)) return false;
    if (!this.#hasLeft) return true;
    if (!this.#message.isRepeatable || this.#hasAnswerBegun) return false;
    const number = this.target.resend();
    if (number === undefined) return false;
    setHeader(this.#message, attemptHeader, String(number));
    return true;
  }

  #sendAgain(): void {
    if (this.isSettled) return;
    try {
      this.begin();
    } catch (cause) {
      const text = `The request cannot be sent again: ${describeError(cause)}`;
      this.settle({ type: 'failed', error: new HoldfastError('unavailable', text, { cause }) });
    }
  }
}

/** In either of the forms in which we make headers: an object, or names and values in turn. */
function setHeader({ headers }: OutgoingMessage, name: string, value: string): void {
  if (!Array.isArray(headers)) {
    (headers as Record<string, string>)[name] = value;
    return;
  }
  const at = headers.findIndex((each, index) => index % 2 === 0 && each === name);
  if (at < 0) headers.push(name, value);
  else headers[at + 1] = value;
}
