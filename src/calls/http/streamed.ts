import type { Dispatcher } from 'undici';
import type { Clock, Timer } from '../../host/index.ts';
import { HoldfastError, must } from '../../std/index.ts';
import { Exchange, type Target } from '../driver/exchange.ts';
import { limits } from '../limits.ts';
import type { AnswerHeaders } from './answer.ts';
import { HttpAttempt, type OutgoingMessage } from './attempt.ts';
import type { Pools } from './pools.ts';
import type { AnswerHead, BodySource, RawHeaders, Relay } from './relay.ts';
import type { RequestBody } from './request-body.ts';
import { readRetryAfterMs, verdictOfStatus } from './verdict.ts';

export interface StreamedRequest {
  readonly service: string;
  readonly body: RequestBody;
  readonly deadlineMs: number;
  /** What one attempt sends. */
  message(remainingMs: number, attempt: number): OutgoingMessage;
}

/**
 * A call over HTTP/1.1 whose answer goes to an undici handler as it comes. With the head of a good answer the
 * call is decided. The head of a bad one is held back until it is known whether another attempt follows.
 * Invariant: at most one answer is held back, and none once the call has ended.
 */
export class StreamedExchange extends Exchange<StreamedAttempt> {
  readonly #pools: Pools;
  readonly #clock: Clock;
  readonly #request: StreamedRequest;
  readonly #relay: Relay;
  #held: StreamedAttempt | undefined;
  /** Its answer is the caller's. */
  #passing: StreamedAttempt | undefined;
  #deadline: Timer | undefined;

  constructor(pools: Pools, clock: Clock, request: StreamedRequest, relay: Relay) {
    super();
    this.#pools = pools;
    this.#clock = clock;
    this.#request = request;
    this.#relay = relay;
  }

  override send(target: Target): StreamedAttempt {
    const message = this.#request.message(target.remainingMs, target.attempt);
    const attempt = new StreamedAttempt(this, this.#pools, target, message);
    attempt.begin();
    return attempt;
  }

  override deliver(attempt: StreamedAttempt): void {
    if (attempt !== this.#held) {
      this.#relay.end(attempt.trailers, attempt.rawTrailers);
      return;
    }
    this.#held = undefined;
    if (this.#relay.isOver) {
      attempt.discard();
      return;
    }
    // For the core the call has ended with the head: the body of a bad answer has what is left of its time.
    const { deadlineMs, service } = this.#request;
    this.#deadline = this.#clock.setTimer(Math.max(0, deadlineMs - this.#clock.nowMs()), () => {
      const text = `${service} did not end its answer in time.`;
      this.#relay.fail(new HoldfastError('deadline_exceeded', text));
    });
    this.#passing = attempt;
    attempt.release(this.#relay);
  }

  override fail(error: HoldfastError): void {
    this.#relay.fail(error);
    this.over();
  }

  /** The caller has all it gets: what still flows is let go. */
  over(): void {
    this.#deadline?.cancel();
    this.#held?.discard();
    this.#held = undefined;
    if (this.#passing?.hasEnded === false) this.#passing.abort();
  }

  /** For its attempts: the host's time. */
  get nowMs(): number {
    return this.#clock.nowMs();
  }

  /** For its attempts: a good answer begins, and it is the call's. */
  pass(attempt: StreamedAttempt): Relay {
    this.#passing = attempt;
    return this.#relay;
  }

  /** For its attempts: a bad answer begins. */
  hold(attempt: StreamedAttempt): void {
    this.#held?.discard();
    this.#held = attempt;
  }

  /** For its attempts: what the request's own body failed with, if it is to blame. */
  bodyFailure(cause: Error): HoldfastError | undefined {
    return this.#request.body.failureFrom(cause);
  }
}

/** One attempt of it. Its answer is passed on, held back or let go. */
export class StreamedAttempt extends HttpAttempt implements BodySource {
  trailers: AnswerHeaders = {};
  rawTrailers: RawHeaders = null;
  hasEnded = false;
  readonly #exchange: StreamedExchange;
  #heardAtMs = 0;
  #head: AnswerHead | undefined;
  #relay: Relay | undefined;
  /** Of a held answer: what came before its connection could be stopped, and how it broke. */
  #chunks: Buffer[] = [];
  #error: HoldfastError | undefined;

  constructor(exchange: StreamedExchange, pools: Pools, target: Target, message: OutgoingMessage) {
    super(pools, target, message);
    this.#exchange = exchange;
  }

  /** Nothing came for a while though its reader wants it. */
  get isStalled(): boolean {
    if (this.#relay === undefined || this.#relay.paused || this.hasEnded) return false;
    return this.#exchange.nowMs - this.#heardAtMs >= limits.attemptTimeoutMinMs;
  }

  override onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: AnswerHeaders,
    statusText?: string,
  ): void {
    if (status < 200 || this.isSettled) return;
    this.#heardAtMs = this.#exchange.nowMs;
    this.#head = { status, headers, statusText, raw: controller.rawHeaders ?? null };
    const verdict = verdictOfStatus(status);
    if (verdict === 'ok') {
      this.target.committed();
      this.#relay = this.#exchange.pass(this);
      this.#relay.head(this, this.#head);
      return;
    }
    controller.pause();
    this.#exchange.hold(this);
    const retryAfterMs = verdict === 'overloaded' ? readRetryAfterMs(headers) : undefined;
    this.settle({ type: 'answered', verdict, retryAfterMs });
  }

  override onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.isAborted) return;
    this.#heardAtMs = this.#exchange.nowMs;
    if (this.#relay === undefined) this.#chunks.push(chunk);
    else this.#relay.data(chunk);
  }

  override onResponseEnd(controller: Dispatcher.DispatchController, trailers: AnswerHeaders): void {
    this.hasEnded = true;
    this.trailers = trailers;
    this.rawTrailers = controller.rawTrailers ?? null;
    if (this.isSettled) this.#relay?.end(trailers, this.rawTrailers);
    else this.settle({ type: 'answered', verdict: 'ok' });
  }

  override onResponseError(controller: unknown, cause: Error): void {
    if (!this.isSettled || this.#head === undefined) {
      super.onResponseError(controller, cause);
      return;
    }
    this.hasEnded = true;
    this.#error = this.failureOf(cause);
    this.#relay?.fail(this.#error);
  }

  protected override failureOf(cause: Error): HoldfastError {
    return this.#exchange.bodyFailure(cause) ?? super.failureOf(cause);
  }

  /** The answer that was held back is the call's. */
  release(relay: Relay): void {
    this.#relay = relay;
    relay.head(this, must(this.#head, 'head of a held answer'));
    for (const chunk of this.#chunks) relay.data(chunk);
    this.#chunks = [];
    if (this.hasEnded) {
      if (this.#error === undefined) relay.end(this.trailers, this.rawTrailers);
      else relay.fail(this.#error);
      return;
    }
    // Not while undici's parser may be at work for another connection.
    queueMicrotask(() => {
      if (!relay.paused) this.resume();
    });
  }

  /** Nobody wants the held answer: its connection is kept if the rest of it is there already. */
  discard(): void {
    this.#chunks = [];
    queueMicrotask(() => {
      this.isAborted = true;
      this.resume();
      if (!this.hasEnded) this.abort();
    });
  }

  pause(): void {
    this.controller?.pause();
  }

  resume(): void {
    this.#heardAtMs = this.#exchange.nowMs;
    if (!this.hasEnded) this.controller?.resume();
  }
}
