import type { Discovery, DiscoveryView, Instance, InstanceState } from '../../calls/index.ts';
import type { Host } from '../../host/index.ts';
import { HoldfastError, ignore, type Observe } from '../../std/index.ts';
import { Sequence } from '../core/sequence.ts';
import type { RegistryEvent } from '../events.ts';
import { explain, instanceId, serviceName } from '../wire.ts';
import { Announcing } from './announcing.ts';
import { HttpTransport } from './http-transport.ts';
import type { RegistryTransport } from './transport.ts';
import { ServiceWatch } from './watching.ts';

export interface RegistryClientOptions {
  readonly host: Host;
  /**
   * Addresses such as `http://127.0.0.1:8500`. Instances are announced to all; watchers ask one at a time.
   */
  readonly registries: readonly string[];
  /** The cluster key, sent with announcements. */
  readonly key?: string | undefined;
  readonly observe?: Observe<RegistryEvent> | undefined;
  /** For how many keep-alives what a registry does not list (yet) is kept after a reconnect. */
  readonly confirmBeats?: number | undefined;
  /** HTTP by default. Closed with the client. */
  readonly transport?: RegistryTransport | undefined;
}

export interface RegistryClient {
  /** One stream a watched service. */
  readonly discovery: Discovery;
  /** Keeps `instance` listed as one of `service` until it is withdrawn. */
  announce(instance: Instance, service: string, options?: AnnounceOptions): Announcement;
  /**
   * Closes every connection at once and announces nothing more. What was announced and not withdrawn
   * expires.
   */
  close(): Promise<void>;
}

export interface AnnounceOptions {
  /** How long the registry lists it without hearing from it; 6 s by default, 1 to 60 s. */
  readonly leaseMs?: number | undefined;
}

export interface Announcement {
  /** Told to the registries at once. */
  setState(state: InstanceState): void;
  /**
   * Takes the instance off the lists. `done` is called once, within a second, registries up or not: true
   * when all of them confirmed.
   */
  withdraw(done: (confirmed: boolean) => void): void;
}

/**
 * A client of one or more registries. Throws `invalid_argument` for an address or a name that cannot be
 * one.
 */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const registries = options.registries.map(registryAddress);
  if (registries.length === 0) throw new HoldfastError('invalid_argument', 'Name at least one registry.');
  const { host, key, confirmBeats } = options;
  const transport = options.transport ?? new HttpTransport({ key });
  const observe = refusedOnce(options.observe ?? ignore);
  const watches = new Map<string, ServiceWatch>();
  const announcings: Announcing[] = [];
  const watching = { host, transport, registries, confirmBeats, observe };
  let closed = false;

  const watch = (service: string, listener: (view: DiscoveryView) => void): (() => void) => {
    checkName(serviceName.safeParse(service), `The service name ${JSON.stringify(service)}`);
    checkOpen(closed);
    const known = watches.get(service) ?? new ServiceWatch({ service, ...watching });
    watches.set(service, known);
    // A function of our own, so that one listener may watch twice.
    const listening = (view: DiscoveryView) => listener(view);
    known.add(listening);
    return () => {
      known.remove(listening);
      if (known.listeners > 0 || watches.get(service) !== known) return;
      watches.delete(service);
      known.close();
    };
  };

  return {
    discovery: { watch },
    announce(instance, service, { leaseMs } = {}) {
      checkName(serviceName.safeParse(service), `The service name ${JSON.stringify(service)}`);
      checkName(instanceId.safeParse(instance.id), `The instance id ${JSON.stringify(instance.id)}`);
      checkOpen(closed);
      const shared = { host, transport, service, sequence: new Sequence(), leaseMs, observe };
      const own = registries.map((registry) => new Announcing({ ...shared, registry }));
      announcings.push(...own);
      return announcement(instance, own);
    },
    async close() {
      closed = true;
      for (const known of watches.values()) known.close();
      for (const announcing of announcings) announcing.close();
      await transport.close();
    },
  };
}

function announcement(first: Instance, announcings: readonly Announcing[]): Announcement {
  let instance = first;
  const announce = () => {
    for (const announcing of announcings) announcing.announce(instance);
  };
  announce();
  return {
    setState(state) {
      instance = { ...instance, state };
      announce();
    },
    withdraw(done) {
      let left = announcings.length;
      let allConfirmed = true;
      for (const announcing of announcings) {
        announcing.withdraw((confirmed) => {
          allConfirmed &&= confirmed;
          left -= 1;
          if (left === 0) done(allConfirmed);
        });
      }
    },
  };
}

/** A wrong key is one piece of news for each registry, however many instances meet it. */
function refusedOnce(observe: Observe<RegistryEvent>): Observe<RegistryEvent> {
  const refused = new Set<string>();
  return (event) => {
    if (event.type === 'registered') refused.delete(event.registry);
    if (event.type === 'key-refused') {
      if (refused.has(event.registry)) return;
      refused.add(event.registry);
    }
    observe(event);
  };
}

function registryAddress(address: string): string {
  const url = URL.parse(address);
  if (url?.protocol === 'http:' && url.hostname !== '') return url.origin;
  const text = `A registry's address looks like http://127.0.0.1:8500, not ${JSON.stringify(address)}.`;
  throw new HoldfastError('invalid_argument', text);
}

function checkName(parsed: ReturnType<typeof serviceName.safeParse>, what: string): void {
  if (!parsed.success) throw new HoldfastError('invalid_argument', `${what} ${explain(parsed.error)}.`);
}

function checkOpen(closed: boolean): void {
  if (closed) throw new HoldfastError('failed_precondition', 'This registry client is closed.');
}
