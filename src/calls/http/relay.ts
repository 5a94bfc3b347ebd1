import type { Dispatcher } from 'undici';
import { HoldfastError } from '../../std/index.ts';
import type { AnswerHeaders } from './answer.ts';

/** Headers as they came, for handlers that want them so. */
export type RawHeaders = Exclude<Dispatcher.DispatchController['rawHeaders'], undefined>;

/** The head of an answer as undici's handlers want it. */
export interface AnswerHead {
  readonly status: number;
  readonly statusText: string | undefined;
  readonly headers: AnswerHeaders;
  readonly raw: RawHeaders;
}

/** Where the body of an answer comes from. */
export interface BodySource {
  pause(): void;
  resume(): void;
}

/**
 * The caller's side of one dispatch: its handler, and the controller that it holds on to while attempts come
 * and go. The handler hears of one request start, at most one answer, and exactly one end. What the handler
 * throws ends its own call only.
 */
export class Relay implements Dispatcher.DispatchController {
  rawHeaders: RawHeaders = null;
  rawTrailers: RawHeaders = null;
  aborted = false;
  paused = false;
  reason: Error | null = null;
  isOver = false;
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #onOver: () => void;
  #source: BodySource | undefined;

  /** `onOver`: called once, when nothing more will reach the handler. */
  constructor(handler: Dispatcher.DispatchHandler, onOver: () => void) {
    this.#handler = handler;
    this.#onOver = onOver;
  }

  start(): void {
    this.#tell(() => this.#handler.onRequestStart?.(this, null));
  }

  /** The caller wants no more of it. The reason reaches its handler as it is, like undici's own. */
  abort(reason: Error): void {
    if (this.isOver) return;
    this.aborted = true;
    this.reason = reason ?? new HoldfastError('cancelled', 'The caller gave up its request.');
    this.fail(this.reason);
  }

  pause(): void {
    this.paused = true;
    this.#source?.pause();
  }

  resume(): void {
    this.paused = false;
    this.#source?.resume();
  }

  head(source: BodySource, { status, statusText, headers, raw }: AnswerHead): void {
    this.#source = source;
    this.rawHeaders = raw;
    if (this.paused) source.pause();
    this.#tell(() => {
      this.#handler.onResponseStarted?.();
      this.#handler.onResponseStart?.(this, status, headers as Record<string, string>, statusText);
    });
  }

  data(chunk: Buffer): void {
    this.#tell(() => this.#handler.onResponseData?.(this, chunk));
  }

  end(trailers: AnswerHeaders, raw: RawHeaders): void {
    if (this.isOver) return;
    this.rawTrailers = raw;
    this.#tell(() => this.#handler.onResponseEnd?.(this, trailers as Record<string, string>));
    this.#over();
  }

  fail(error: Error): void {
    if (this.isOver) return;
    this.#over();
    try {
      this.#handler.onResponseError?.(this, error);
    } catch (thrown) {
      queueMicrotask(() => {
        throw thrown;
      });
    }
  }

  #tell(say: () => void): void {
    if (this.isOver) return;
    try {
      say();
    } catch (thrown) {
      this.abort(thrown as Error);
    }
  }

  #over(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#source = undefined;
    this.#onOver();
  }
}
