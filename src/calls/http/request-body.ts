import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { HoldfastError } from '../../std/index.ts';

type Body = Dispatcher.DispatchOptions['body'];

/**
 * The body of a request. Texts and bytes can be sent again; streams, iterables and forms once. As long as no
 * byte of the request has left, nothing has been read of either.
 */
export class RequestBody {
  readonly isReplayable: boolean;
  /** What undici is given. */
  readonly content: Body;
  #thrown: unknown;

  constructor(body: unknown) {
    this.isReplayable =
      body === null ||
      body === undefined ||
      typeof body === 'string' ||
      ArrayBuffer.isView(body) ||
      body instanceof ArrayBuffer;
    const isPlainIterable = !this.isReplayable && !(body instanceof Readable) && isIterable(body);
    this.content = (isPlainIterable ? this.#watched(body) : (body ?? null)) as Body;
  }

  /** The failure of an attempt when the body could not be read; undefined when something else is to blame. */
  failureFrom(cause: Error): HoldfastError | undefined {
    if (this.isReplayable) return undefined;
    const { content } = this;
    const isOwn = this.#thrown === cause || (content instanceof Readable && content.errored === cause);
    const isCutOff = (cause as NodeJS.ErrnoException).code === 'UND_ERR_ABORTED';
    if (!isOwn && !isCutOff) return undefined;
    return new HoldfastError('cancelled', 'The body of the request could not be read.', { cause });
  }

  /** undici does not say whose error it passes on. */
  async *#watched(body: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<unknown> {
    try {
      yield* body;
    } catch (error) {
      this.#thrown = error;
      throw error;
    }
  }
}

/** Forms are iterable too, but undici has its own way with them; so it has with blobs. */
function isIterable(body: unknown): body is Iterable<unknown> | AsyncIterable<unknown> {
  if (typeof body !== 'object' || body === null) return false;
  if (Symbol.toStringTag in body && body[Symbol.toStringTag] === 'FormData') return false;
  if (typeof (body as { pipe?: unknown }).pipe === 'function') return false;
  return Symbol.asyncIterator in body || Symbol.iterator in body;
}
