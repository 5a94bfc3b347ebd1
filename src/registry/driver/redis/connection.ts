import type { RedisClientType } from 'redis';
import type { Clock, Timer } from '../../../host/index.ts';
import { limits } from '../../limits.ts';
import type { RedisAddress } from './address.ts';
import { RedisFailure, redisFailure, silence } from './failures.ts';

type Client = RedisClientType<Record<string, never>, Record<string, never>, Record<string, never>, 2>;

export interface ConnectionOptions {
  readonly address: RedisAddress;
  readonly clock: Clock;
}

/**
 * One connection to Redis, from its first command to its end; it is never mended. A command that is not
 * answered in time ends it: the answers to later ones would come behind that one's.
 */
export class RedisConnection {
  readonly #options: ConnectionOptions;
  readonly #client: Client;
  readonly #waiting = new Set<(failure: RedisFailure) => void>();
  #failure: RedisFailure | undefined;
  #onLost: ((failure: RedisFailure) => void) | undefined;

  private constructor(client: Client, options: ConnectionOptions) {
    this.#client = client;
    this.#options = options;
    client.on('error', (error) => this.#end(redisFailure(error, options.address.shown)));
  }

  /** Rejects with a RedisFailure within `limits.storeConnectMs`. */
  static async open(options: ConnectionOptions): Promise<RedisConnection> {
    // Loaded here, so that a registry without Redis starts without it.
    const { createClient } = await import('redis');
    const client = createClient({
      url: options.address.url,
      RESP: 2,
      disableOfflineQueue: true,
      commandsQueueMaxLength: limits.storeCommandsMax,
      // Deadlines are kept here: the library's own ends with a command's sending, not with its answer.
      commandOptions: { timeout: 0 },
      socket: { reconnectStrategy: false, connectTimeout: limits.storeConnectMs },
    }) as unknown as Client;
    const connection = new RedisConnection(client, options);
    await connection.#within(limits.storeConnectMs, client.connect());
    return connection;
  }

  /** False once it has ended: then nobody knows what became of the commands that it failed. */
  get isOpen(): boolean {
    return this.#failure === undefined;
  }

  /** Called once, when it ends by itself. */
  onLost(listener: (failure: RedisFailure) => void): void {
    this.#onLost = listener;
    if (this.#failure !== undefined) listener(this.#failure);
  }

  /** Rejects with a RedisFailure, by the deadline at the latest. */
  call(parts: readonly string[], withinMs: number = limits.storeCommandMs): Promise<unknown> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#waiting.size >= limits.storeCommandsMax) {
      const { shown } = this.#options.address;
      const text = `Too many requests wait for Redis at ${shown}: try again in a moment.`;
      return Promise.reject(new RedisFailure(text));
    }
    return this.#within(withinMs, this.#client.sendCommand(parts));
  }

  /** Ends it because what it answers makes no sense. */
  fail(error: unknown): void {
    this.#end(redisFailure(error, this.#options.address.shown));
  }

  close(): void {
    this.#onLost = undefined;
    this.#end(new RedisFailure('The registry is stopping: come back in a moment.'));
  }

  #within<T>(withinMs: number, answer: Promise<T>): Promise<T> {
    const { address, clock } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let timer: Timer | undefined;
    const fail = (failure: RedisFailure): void => {
      this.#waiting.delete(fail);
      timer?.cancel();
      reject(failure);
    };
    this.#waiting.add(fail);
    timer = clock.setTimer(withinMs, () => this.#end(silence(address.shown, withinMs)));
    answer.then(
      (value) => {
        this.#waiting.delete(fail);
        timer.cancel();
        resolve(value);
      },
      (error) => fail(this.#failure ?? redisFailure(error, address.shown)),
    );
    return promise;
  }

  #end(failure: RedisFailure): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    if (this.#client.isOpen) this.#client.destroy();
    for (const fail of [...this.#waiting]) fail(failure);
    this.#onLost?.(failure);
    this.#onLost = undefined;
  }
}
