import { hostname } from 'node:os';
import type { Discovery, DiscoveryView, Instance, InstanceState } from '../calls/index.ts';
import { fixedDiscovery, instanceAt } from '../calls/index.ts';
import type { Host } from '../host/index.ts';
import {
  type Announcement,
  createRegistryClient,
  newIncarnation,
  type RegistryClient,
  type RegistryEvent,
} from '../registry/index.ts';
import { HoldfastError } from '../std/index.ts';
import type { Logger } from '../telemetry/index.ts';
import { isLoopback, isWildcard, type ServiceEnvironment } from './environment.ts';

/** A service's side of the registry: where the others are, and telling them where this one is. */
export class RegistrySide {
  readonly discovery: Discovery;
  readonly incarnation: string;
  readonly #host: Host;
  readonly #client: RegistryClient | undefined;
  readonly #env: ServiceEnvironment;
  #announcement: Announcement | undefined;
  #service: string | undefined;

  constructor(options: {
    readonly host: Host;
    readonly env: ServiceEnvironment;
    readonly log: Logger;
    readonly addresses: Addresses;
    /** Called when a registry lists the instance. */
    readonly onListed: () => void;
  }) {
    const { host, env, log, addresses, onListed } = options;
    this.#host = host;
    this.#env = env;
    this.incarnation = newIncarnation(host);
    if (env.registries.length > 0) {
      const { registries, clusterKey: key } = env;
      const observe = (event: RegistryEvent): void => {
        report(event, log);
        if (event.type === 'registered') onListed();
      };
      this.#client = createRegistryClient({ host, registries, key, observe });
    }
    this.discovery = discoveryOf(addresses, this.#client?.discovery);
  }

  get isAnnounced(): boolean {
    return this.#announcement !== undefined;
  }

  announce(service: string, id: string, port: number, state: InstanceState): void {
    this.#service = service;
    const host = announcedHost(this.#env);
    const { incarnation } = this;
    const { weight, zone } = this.#env;
    const instance = { id, incarnation, host, port, state, weight, zone };
    this.#announcement = this.#client?.announce(instance, service);
  }

  setState(state: InstanceState): void {
    this.#announcement?.setState(state);
  }

  /**
   * Watches every registry by itself, as they need not know of each other. `known` resolves when each of them
   * either shows its watchers that the instance takes nothing new or does not list it, or was found out of
   * reach. That one is so is clear at once when it refuses the connection; one that is silent, or that keeps
   * showing the instance as ready, is waited for: bound the wait, and call `stop` after it.
   */
  watchersKnow(): WatchersKnow {
    const service = this.#service;
    if (this.#client === undefined || service === undefined) {
      return { known: Promise.resolve(), stop: () => Promise.resolve() };
    }
    const { registries, clusterKey: key } = this.#env;
    const host = this.#host;
    const clients = registries.map((registry) =>
      createRegistryClient({ host, registries: [registry], key }),
    );
    const known = clients.map(({ discovery }) => this.#watchersOf(discovery, service));
    return {
      known: Promise.all(known),
      stop: () => Promise.all(clients.map((client) => client.close())),
    };
  }

  /** Done within a second, whether the registry answers or not. */
  withdraw(): Promise<void> {
    const announcement = this.#announcement;
    this.#announcement = undefined;
    if (announcement === undefined) return Promise.resolve();
    return new Promise((resolve) => announcement.withdraw(() => resolve()));
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }

  /** Resolves when those who watch through `discovery` are not shown this instance as ready. */
  #watchersOf(discovery: Discovery, service: string): Promise<void> {
    return new Promise((resolve) => {
      discovery.watch(service, (view) => {
        if (view.status === 'asking') return;
        const instances = view.status === 'known' ? view.instances : [];
        const mine = instances.find(({ incarnation }) => incarnation === this.incarnation);
        if (mine?.state !== 'ready') resolve();
      });
    });
  }
}

/** A wait for the registries' news to arrive; `stop` ends the watching, whether or not it did. */
export interface WatchersKnow {
  readonly known: Promise<unknown>;
  stop(): Promise<unknown>;
}

/** Base addresses by service: `{ 'echo-a': 'http://127.0.0.1:8080' }`; undefined asks the registry. */
export type Addresses = Readonly<Record<string, string | undefined>>;

/** Services with an address given by hand are there; the others where the registry says. */
function discoveryOf(addresses: Addresses, registered: Discovery | undefined): Discovery {
  const instances: Record<string, readonly Instance[]> = {};
  for (const [service, address] of Object.entries(addresses)) {
    if (address !== undefined) instances[service] = [parseAddress(service, address)];
  }
  const fixed = fixedDiscovery(instances);
  return {
    watch: (service: string, listener: (view: DiscoveryView) => void) =>
      (Object.hasOwn(instances, service) ? fixed : (registered ?? fixed)).watch(service, listener),
  };
}

function parseAddress(service: string, address: string): Instance {
  try {
    return instanceAt(service, address);
  } catch (cause) {
    const text = `The address of ${service} must look like http://127.0.0.1:8080, not "${address}".`;
    throw new HoldfastError('invalid_argument', text, { cause });
  }
}

/** Where others reach what listens on every address: on this machine when the registry is on it too. */
function announcedHost({ host, registries }: ServiceEnvironment): string {
  if (!isWildcard(host)) return host;
  const isLocal = registries.every((registry) => isLoopback(new URL(registry).hostname));
  return isLocal ? '127.0.0.1' : hostname();
}

function report(event: RegistryEvent, log: Logger): void {
  switch (event.type) {
    case 'registered':
      log.info('registered', { registry: event.registry, again: event.again ? true : undefined });
      return;
    case 'announce-failed':
      log.warn({ registry: event.registry, error: `Not registered, trying on: ${event.why}` });
      return;
    case 'key-refused':
      log.error({ registry: event.registry, error: `The registry refuses our CLUSTER_KEY: ${event.why}` });
      return;
    case 'superseded':
      log.error({ registry: event.registry, error: `Not registered any more: ${event.why}` });
      return;
    case 'watch-lost': {
      const error = `News of ${event.service} is missing, its last known instances are used: ${event.why}`;
      log.warn({ registry: event.registry, error });
      return;
    }
    default:
      log.debug(event.type, { registry: event.registry });
  }
}
