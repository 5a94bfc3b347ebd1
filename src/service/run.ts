import { describeError, HoldfastError } from '../std/index.ts';
import { createLogger, type Logger } from '../telemetry/index.ts';
import type { ServiceDefinition } from './define.ts';
import { parseEnvironment } from './environment.ts';
import { limits } from './limits.ts';
import {
  type RunningService,
  type StartOptions,
  type StateNews,
  serviceLogger,
  startService,
} from './start.ts';

export type RunOptions = Omit<StartOptions, 'env' | 'log' | 'onState' | 'onBug'>;

/**
 * Runs a service as this process, from here to its end: for a `main.ts`, which does nothing after it.
 * - SIGTERM, SIGINT, SIGHUP: drain, exit 0. A second one: exit 1 at once.
 * - Its parent is gone (the channel that `holdfast up` holds has closed): drain within a second, exit 0.
 * - A bug (an uncaught error, an unhandled rejection, a broken assertion): a FATAL line, exit 1.
 * - It cannot start: one clear line, exit 1.
 */
export async function runService(definition: ServiceDefinition, options: RunOptions): Promise<void> {
  const life = new ProcessLife(definition, options);
  await life.start();
}

class ProcessLife {
  readonly #definition: ServiceDefinition;
  readonly #options: RunOptions;
  readonly #log: Logger;
  /** Started by `up`, or by another parent that holds a channel. */
  readonly #hasParent = process.connected === true;
  readonly #signals = new Map<NodeJS.Signals, number>();
  #service: RunningService | undefined;
  #isStopping = false;

  constructor(definition: ServiceDefinition, options: RunOptions) {
    this.#definition = definition;
    this.#options = options;
    this.#log = this.#createLog();
  }

  async start(): Promise<void> {
    process.on('uncaughtException', (error) => this.#crash(error));
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => this.#onSignal(signal));
    }
    if (this.#hasParent) process.on('disconnect', () => void this.#stop(limits.orphanDrainMs));
    this.#tellParent({ state: 'starting', port: 0 });
    try {
      const service = await startService(this.#definition, {
        ...this.#options,
        env: process.env,
        log: this.#log,
        onState: (news) => this.#tellParent(news),
        onBug: () => this.#exit(1),
      });
      this.#service = service;
    } catch (error) {
      this.#log.error(error instanceof HoldfastError ? { error: error.message } : stackOf(error));
      // A silent log is for what the service says while it runs.
      if (!this.#log.enables('error')) process.stderr.write(`${describeError(error)}\n`);
      this.#exit(1);
      return;
    }
    // Asked to stop while it started.
    if (this.#isStopping) await this.#drain(undefined);
  }

  /** Before anything can fail, so that also a wrong environment is reported in the form it asks for. */
  #createLog(): Logger {
    try {
      return serviceLogger(this.#definition, this.#options.host, parseEnvironment(process.env));
    } catch {
      const service = this.#definition.label ?? this.#definition.name;
      const format = process.env.LOG_FORMAT === 'json' ? 'json' : 'text';
      return createLogger({ format, level: 'info', service });
    }
  }

  /**
   * Ctrl-C reaches the whole group: this process and its parent, which then asks it to end with another
   * signal. With a parent, therefore, only the same signal again counts as a second one.
   */
  #onSignal(signal: NodeJS.Signals): void {
    const count = (this.#signals.get(signal) ?? 0) + 1;
    this.#signals.set(signal, count);
    const isSecond = this.#hasParent ? count > 1 : this.#isStopping;
    if (isSecond) this.#exit(1);
    else void this.#stop(undefined);
  }

  async #stop(timeoutMs: number | undefined): Promise<void> {
    if (timeoutMs !== undefined) {
      // Whatever holds it up: an orphan is gone in time.
      setTimeout(() => this.#exit(1), timeoutMs + limits.bugAnswerMs);
    }
    if (this.#isStopping) return;
    this.#isStopping = true;
    if (this.#service === undefined) {
      // Still starting: nothing is under way yet.
      this.#exit(0);
      return;
    }
    await this.#drain(timeoutMs);
  }

  async #drain(timeoutMs: number | undefined): Promise<void> {
    await this.#service?.drain(timeoutMs);
    await this.#log.flush();
    this.#exit(0);
  }

  #crash(error: unknown): void {
    this.#log.fatal(stackOf(error));
    this.#exit(1);
  }

  #exit(code: number): never {
    // Log lines that still wait are written as the process exits.
    process.exit(code);
  }

  #tellParent(news: Partial<StateNews>): void {
    if (process.connected !== true) return;
    // The parent may die at any moment; `disconnect` reports it.
    process.send?.({ type: 'state', ...news }, undefined, {}, () => {});
  }
}

function stackOf(error: unknown): { readonly error: unknown; readonly stack?: string | undefined } {
  return error instanceof Error ? { error, stack: error.stack } : { error: String(error) };
}
