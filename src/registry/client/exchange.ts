import type { Client, Dispatcher } from 'undici';

export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string | undefined;
}

/** Called in this order; `ended` is the last and comes once, unless the exchange was aborted. */
export interface HttpListener {
  started(status: number): void;
  received(chunk: Buffer): void;
  /** With an error when there was no whole answer. */
  ended(error?: Error): void;
}

/** Sends a request. The result aborts it: its listener hears no more. */
export function exchange(client: Client, request: HttpRequest, listener: HttpListener): () => void {
  const handler = new Handler(listener);
  client.dispatch({ ...request, body: request.body ?? null }, handler);
  return () => handler.abort();
}

class Handler implements Dispatcher.DispatchHandler {
  #listener: HttpListener | undefined;
  #controller: Dispatcher.DispatchController | undefined;

  constructor(listener: HttpListener) {
    this.#listener = listener;
  }

  abort(): void {
    this.#listener = undefined;
    this.#controller?.abort(new Error('aborted'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#listener === undefined) controller.abort(new Error('aborted'));
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number): void {
    if (status >= 200) this.#listener?.started(status);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#listener?.received(chunk);
  }

  onResponseEnd(): void {
    this.#end();
  }

  onResponseError(_: unknown, error: Error): void {
    this.#end(error);
  }

  #end(error?: Error): void {
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.ended(error);
  }
}
