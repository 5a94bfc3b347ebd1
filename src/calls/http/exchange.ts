import type { Dispatcher } from 'undici';
import { HoldfastError } from '../../std/index.ts';
import { Exchange, type Target } from '../driver/exchange.ts';
import { limits } from '../limits.ts';
import { Answer, type AnswerHeaders } from './answer.ts';
import { HttpAttempt } from './attempt.ts';
import type { Pools } from './pools.ts';
import { readRetryAfterMs, verdictOfStatus } from './verdict.ts';

export interface OutgoingRequest {
  readonly method: Dispatcher.HttpMethod;
  readonly path: string;
  readonly body: string | Uint8Array | undefined;
  /** Sending it twice does no more than once, and nobody repeats what it belongs to. */
  readonly isRepeatable: boolean;
  /** The headers of one attempt, in either of undici's forms: by name, or names and values in turn. */
  headers(remainingMs: number, attempt: number): Record<string, string> | string[];
}

/** A call over HTTP/1.1 through undici's dispatch: nothing between its parser and the caller's promise. */
export class HttpExchange extends Exchange<WholeAttempt> {
  readonly #pools: Pools;
  readonly #request: OutgoingRequest;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: HoldfastError) => void;

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

  override send(target: Target): WholeAttempt {
    const { method, path, body, isRepeatable } = this.#request;
    const headers = this.#request.headers(target.remainingMs, target.attempt);
    const message = { method, path, body: body ?? null, headers, isRepeatable };
    const attempt = new WholeAttempt(this.#pools, target, message);
    attempt.begin();
    return attempt;
  }

  override deliver(attempt: WholeAttempt): void {
    this.#resolve(new Answer(attempt.status, attempt.headers, attempt.body()));
  }

  override fail(error: HoldfastError): void {
    this.#reject(error);
  }
}

/** Reads its answer whole. */
class WholeAttempt extends HttpAttempt {
  status = 0;
  headers: AnswerHeaders = {};
  #chunks: Buffer[] | undefined;
  #only: Buffer | undefined;
  #bytes = 0;

  body(): Buffer {
    if (this.#chunks !== undefined) return Buffer.concat(this.#chunks, this.#bytes);
    return this.#only ?? Buffer.alloc(0);
  }

  override onResponseStart(_: Dispatcher.DispatchController, status: number, headers: AnswerHeaders): void {
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
  }

  override onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > limits.answerBytesMax) {
      const text = `The answer of ${this.target.instance.id} is larger than ${limits.answerBytesMax} bytes.`;
      const options = { retryable: false, mayHaveExecuted: true };
      this.settle({ type: 'failed', error: new HoldfastError('resource_exhausted', text, options) });
      controller.abort(new Error('aborted'));
      return;
    }
    if (this.#only === undefined) this.#only = chunk;
    else if (this.#chunks === undefined) this.#chunks = [this.#only, chunk];
    else this.#chunks.push(chunk);
  }

  override onResponseEnd(): void {
    const { status, headers } = this;
    const verdict = verdictOfStatus(status);
    const retryAfterMs = verdict === 'overloaded' ? readRetryAfterMs(headers) : undefined;
    this.settle({ type: 'answered', verdict, retryAfterMs });
  }
}
