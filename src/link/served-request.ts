import type { Reply } from './link.ts';

/** A request from the peer, until it is answered. */
export class ServedRequest implements Reply {
  #settle: ((answer: Uint8Array | string) => void) | undefined;

  constructor(settle: (answer: Uint8Array | string) => void) {
    this.#settle = settle;
  }

  answer(payload: Uint8Array): void {
    this.#finish(payload);
  }

  refuse(reason: string): void {
    this.#finish(reason);
  }

  #finish(answer: Uint8Array | string): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(answer);
  }
}
