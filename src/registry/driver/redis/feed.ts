import type { Host } from '../../../host/index.ts';
import type { StoredChange } from '../../core/mirror-events.ts';
import { limits } from '../../limits.ts';
import type { RedisAddress } from './address.ts';
import type { RedisConnection } from './connection.ts';
import type { RedisLeases } from './leases.ts';
import { RedisLink } from './link.ts';

export interface FeedOptions {
  readonly host: Host;
  readonly address: RedisAddress;
  readonly leases: RedisLeases;
  /** After which revision to read; undefined while there is no list to follow it from. */
  readonly revision: () => number | undefined;
  readonly onChanges: (changes: readonly StoredChange[]) => void;
}

/** Reads the store's changes as they come, on a connection of its own because its questions wait in Redis. */
export class Feed {
  readonly #options: FeedOptions;
  readonly #link: RedisLink;

  constructor(options: FeedOptions) {
    const { host, address } = options;
    this.#options = options;
    this.#link = new RedisLink({
      host,
      address,
      onUp: (connection) => {
        // What it fails with has ended the connection, and the link makes another.
        this.#follow(connection).catch((error) => connection.fail(error));
      },
    });
  }

  close(): void {
    this.#link.close();
  }

  async #follow(connection: RedisConnection): Promise<void> {
    const { leases, revision, onChanges } = this.#options;
    while (this.#link.state === connection) {
      const from = revision();
      const changes = from === undefined ? undefined : await leases.follow(connection, from);
      if (changes !== undefined && this.#link.state === connection) onChanges(changes);
      // What does not follow on the list comes again at once, until the list was loaded.
      if (changes?.length !== 0 && revision() === from) await this.#moment();
    }
  }

  #moment(): Promise<void> {
    return new Promise((resolve) => this.#options.host.clock.setTimer(limits.tickMs, resolve));
  }
}
