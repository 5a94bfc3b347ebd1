import type { Dispatcher } from 'undici';
import { HoldfastError } from '../../std/index.ts';
import type { Outcome } from '../core/events.ts';
import type { Instance } from '../discovery.ts';
import { Exchange } from '../driver/exchange.ts';
import { limits } from '../limits.ts';
import { Answer, type AnswerHeaders } from './answer.ts';
import { transportFailure } from './failure.ts';
import type { Pools } from './pools.ts';

export interface OutgoingRequest {
  readonly method: Dispatcher.HttpMethod;
  readonly path: string;
  readonly body: string | Uint8Array | undefined;
  /** The headers of one attempt: those of the request and what travels from hop to hop. */
  headers(remainingMs: number): Record<string, string>;
}

/** A call over HTTP/1.1 through undici's dispatch: nothing between its parser and the caller's promise. */
export class HttpExchange extends Exchange {
  readonly #pools: Pools;
  readonly #request: OutgoingRequest;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: HoldfastError) => void;
  #attempt: Attempt | undefined;

  constructor(
    pools: Pools,
    request: OutgoingRequest,
    resolve: (answer: Answer) => void,
    reject: (error: HoldfastError) => void,
  ) {
    super();
    this.#pools = pools;
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  override send(instance: Instance, remainingMs: number, settled: (outcome: Outcome) => void): void {
    const { method, path, body } = this.#request;
    const attempt = new Attempt(instance, settled);
    this.#attempt = attempt;
    const headers = this.#request.headers(remainingMs);
    this.#pools.dispatch(instance, { method, path, body: body ?? null, headers }, attempt);
  }

  override abort(): void {
    this.#attempt?.abort();
  }

  override deliver(): void {
    const attempt = this.#attempt as Attempt;
    this.#resolve(new Answer(attempt.status, attempt.headers, attempt.body()));
  }

  override fail(error: HoldfastError): void {
    this.#reject(error);
  }
}

/** undici's handler of one attempt. Settles once; after `abort`, never. */
class Attempt implements Dispatcher.DispatchHandler {
  status = 0;
  headers: AnswerHeaders = {};
  readonly #instance: Instance;
  #settled: ((outcome: Outcome) => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #chunks: Buffer[] | undefined;
  #only: Buffer | undefined;
  #bytes = 0;

  constructor(instance: Instance, settled: (outcome: Outcome) => void) {
    this.#instance = instance;
    this.#settled = settled;
  }

  body(): Buffer {
    if (this.#chunks !== undefined) return Buffer.concat(this.#chunks, this.#bytes);
    return this.#only ?? Buffer.alloc(0);
  }

  abort(): void {
    this.#settled = undefined;
    this.#controller?.abort(new Error('aborted'));
  }

  /** undici calls this right before the first byte is written: what fails earlier never left. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#settled === undefined) controller.abort(new Error('aborted'));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > limits.answerBytesMax) {
      const text = `The answer of ${this.#instance.id} is larger than ${limits.answerBytesMax} bytes.`;
      this.#settle({
        type: 'failed',
        error: new HoldfastError('resource_exhausted', text, { retryable: false, mayHaveExecuted: true }),
      });
      controller.abort(new Error('aborted'));
      return;
    }
    if (this.#only === undefined) this.#only = chunk;
    else if (this.#chunks === undefined) this.#chunks = [this.#only, chunk];
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const refused = this.status === 503 || this.status === 429;
    this.#settle({
      type: 'answered',
      verdict: this.status < 500 && !refused ? 'ok' : refused ? 'overloaded' : 'failed',
    });
  }

  onResponseError(_: unknown, cause: Error): void {
    const error = transportFailure(cause, this.#instance, this.#controller !== undefined);
    this.#settle({ type: 'failed', error });
  }

  #settle(outcome: Outcome): void {
    const settled = this.#settled;
    this.#settled = undefined;
    settled?.(outcome);
  }
}
