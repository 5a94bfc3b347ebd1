import type { Host, Timer } from '../../../host/index.ts';
import { backoffMs } from '../../core/backoff.ts';
import type { RedisAddress } from './address.ts';
import { RedisConnection } from './connection.ts';
import { RedisFailure, redisFailure } from './failures.ts';

export interface LinkOptions {
  readonly host: Host;
  readonly address: RedisAddress;
  /** Makes a new connection useful; what it rejects with ends it. */
  readonly prepare?: (connection: RedisConnection) => Promise<void>;
  readonly onUp?: (connection: RedisConnection) => void;
  readonly onDown?: (failure: RedisFailure) => void;
}

/** Keeps one connection to Redis: when it is lost, a new one is tried for, ever less often. */
export class RedisLink {
  readonly #options: LinkOptions;
  #connection: RedisConnection | undefined;
  #failure = new RedisFailure('The registry has not reached Redis yet: try again in a moment.');
  #failures = 0;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    void this.#connect();
  }

  /** The connection, or why there is none. */
  get state(): RedisConnection | RedisFailure {
    return this.#connection ?? this.#failure;
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#connection?.close();
    this.#connection = undefined;
    this.#failure = new RedisFailure('The registry is stopping: come back in a moment.');
  }

  async #connect(): Promise<void> {
    const { host, address, prepare } = this.#options;
    let opened: RedisConnection | undefined;
    try {
      opened = await RedisConnection.open({ address, clock: host.clock });
      await prepare?.(opened);
    } catch (error) {
      opened?.close();
      this.#lost(redisFailure(error, address.shown));
      return;
    }
    if (this.#isClosed) {
      opened.close();
      return;
    }
    this.#failures = 0;
    this.#connection = opened;
    this.#options.onUp?.(opened);
    opened.onLost((failure) => this.#lost(failure));
  }

  #lost(failure: RedisFailure): void {
    if (this.#isClosed) return;
    this.#connection = undefined;
    this.#failure = failure;
    this.#failures += 1;
    this.#options.onDown?.(failure);
    const { clock, random } = this.#options.host;
    const waitMs = backoffMs(this.#failures, random.fraction());
    this.#timer = clock.setTimer(waitMs, () => void this.#connect());
  }
}
