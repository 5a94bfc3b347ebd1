import { limits } from '../limits.ts';

/** Messages that came and were not read yet, as an async iterable for one reader. */
export class MessageQueue implements AsyncIterable<Buffer> {
  readonly #messages: Buffer[] = [];
  readonly #setReading: (reading: boolean) => void;
  #end: { readonly error: Error | undefined } | undefined;
  #wake: (() => void) | undefined;
  #full = false;

  /** `setReading` stops the source while the reader is behind. */
  constructor(setReading: (reading: boolean) => void) {
    this.#setReading = setReading;
  }

  get ended(): boolean {
    return this.#end !== undefined;
  }

  push(message: Buffer): void {
    this.#messages.push(message);
    if (!this.#full && this.#messages.length >= limits.messagesUnreadMax) {
      this.#full = true;
      this.#setReading(false);
    }
    this.#wake?.();
  }

  /** With an error the reader gets what came before it, then the error. */
  end(error: Error | undefined): void {
    this.#end ??= { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const message = this.#messages.shift();
      if (message !== undefined) {
        yield message;
      } else if (this.#full) {
        this.#full = false;
        this.#setReading(true);
      } else if (this.#end === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      } else {
        if (this.#end.error !== undefined) throw this.#end.error;
        return;
      }
    }
  }
}
