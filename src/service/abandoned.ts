import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '../host/index.ts';

const handling = Symbol('handling');

/** The promise of its handler, where it returned one. On the response, where it costs nothing. */
type HandledResponse = ServerResponse & { [handling]?: Promise<unknown> };

/** Notes when the handler of this response will have ended, should its caller leave before. */
export function noteHandler(response: HandledResponse, handled: unknown): void {
  if (handled instanceof Promise) response[handling] = handled;
}

/**
 * Handlers whose caller left before it was answered. They work on, so each counts as under way until it
 * ends: callers that give up and come again must not pile up work without bound.
 */
export class AbandonedHandlers {
  readonly #clock: Clock;
  readonly #keptMs: number;
  readonly #timers = new Set<Timer>();

  /** One that has not ended after `keptMs` is taken for one that never will: it waits for its caller. */
  constructor(clock: Clock, keptMs: number) {
    this.#clock = clock;
    this.#keptMs = keptMs;
  }

  /** Calls back once, when the handler has ended. */
  keep(response: HandledResponse, ended: () => void): void {
    const done = (): void => {
      if (!this.#timers.delete(timer)) return;
      timer.cancel();
      ended();
    };
    const timer = this.#clock.setTimer(this.#keptMs, done);
    this.#timers.add(timer);
    response[handling]?.then(done, done);
    const end = response.end as (...args: unknown[]) => ServerResponse;
    const answered = (...args: unknown[]): ServerResponse => {
      done();
      return end.apply(response, args);
    };
    response.end = answered as typeof response.end;
  }

  /** Nothing is called back any more. */
  close(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }
}
