import {
  EmbeddedStore,
  RedisStore,
  type RegistryStore,
  redisAddress,
  type StoreEvent,
} from '../../registry/index.ts';
import type { ServiceContext } from '../../service/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { Enrolments } from './classic/enrolments.ts';
import { RedisEnrolments } from './classic/redis-enrolments.ts';

export interface StoreSettings {
  /** How long after its start the registry counts its list as incomplete; a lease by default. */
  readonly warmingMs?: number | undefined;
  /** Changes kept for watchers that resume. */
  readonly historyMax?: number | undefined;
}

export interface OpenedStore {
  readonly store: RegistryStore;
  /** Where the store keeps classic registrations too; otherwise they are kept apart. */
  readonly enrolments: Enrolments | undefined;
}

/**
 * The store that the environment asks for: Redis where `REDIS_URL` is set, else this process's memory.
 * Throws `invalid_argument` when a variable is wrong.
 */
export async function openStore(context: ServiceContext, settings: StoreSettings): Promise<OpenedStore> {
  const { host, log, env } = context;
  const observe = (event: StoreEvent) => logStore(event, log);
  const url = env.variables.REDIS_URL?.trim() ?? '';
  if (url === '') {
    return { store: new EmbeddedStore({ ...settings, host, observe }), enrolments: undefined };
  }
  const prefix = env.variables.HOLDFAST_REDIS_PREFIX?.trim() ?? '';
  const address = redisAddress(url, prefix === '' ? undefined : prefix);
  log.info('leases and registrations are kept in Redis', { redis: address.shown, prefix: address.prefix });
  const store = new RedisStore({ ...settings, host, address, observe });
  // Whoever finds the port open finds the list; and Redis may come later.
  await store.begun();
  const enrolments = new RedisEnrolments(store, (putBack) => {
    const error = `Redis had lost the classic registrations: ${putBack} were put back.`;
    log.warn({ error });
  });
  return { store, enrolments };
}

function logStore(event: StoreEvent, log: Logger): void {
  switch (event.type) {
    case 'changed': {
      const { change } = event;
      if (change.kind === 'put') {
        const { id, host, port, state } = change.instance;
        log.info('listed', { of: change.service, instance: id, address: `${host}:${port}`, state });
      } else {
        log.info('dropped', { of: change.service, instance: change.id, why: change.why });
      }
      return;
    }
    case 'expiry-held': {
      const lost = `${event.silent} of ${event.total} instances fell silent together`;
      log.warn({ error: `${lost}: kept for up to ${event.holdMs / 1000} s, in case it is the network.` });
      return;
    }
    case 'expiry-released': {
      const lost = `${event.silent} of ${event.total} instances stayed silent`;
      log.warn({ error: `${lost}: those whose leases are over are given up.` });
      return;
    }
    case 'stalled': {
      const gap = `${Math.round(event.gapMs)} ms`;
      log.warn({ error: `The registry did not run for ${gap}: every lease got as much on top.` });
      return;
    }
    case 'began':
      log.warn({
        error: 'Redis is new to the registry, or was restarted: watchers get the whole list again.',
        epoch: event.epoch,
      });
      return;
    case 'store-reached':
      log.info('Redis is reached');
      return;
    case 'store-lost':
      log.warn({ error: event.why });
      return;
  }
}
