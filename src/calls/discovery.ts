/** Where a service's instances are: the port that calls own and the registry's client implements. */
export interface Discovery {
  /**
   * Calls `listener` at once with what is known, then after every change, until the returned function is
   * called. The first view may be `asking`; it is followed by `known` or `unreachable` within a bounded time.
   * Once `known`, a view stays `known`: with every registry down the last good list goes on being used.
   */
  watch(service: string, listener: (view: DiscoveryView) => void): () => void;
}

export type DiscoveryView =
  | { readonly status: 'asking' }
  | { readonly status: 'known'; readonly instances: readonly Instance[] }
  | { readonly status: 'unreachable'; readonly why: string };

export type InstanceState = 'starting' | 'ready' | 'draining';

export interface Instance {
  /** Stable across restarts: `echo-a-1`. */
  readonly id: string;
  /** New at every start of the process, so that news of an earlier life is recognised. */
  readonly incarnation: string;
  readonly host: string;
  readonly port: number;
  readonly state: InstanceState;
  /** Its share of the traffic beside the others; 1 by default, 0 takes none. */
  readonly weight: number;
  readonly zone?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A discovery that never changes: addresses given by hand. */
export function fixedDiscovery(services: Readonly<Record<string, readonly Instance[]>>): Discovery {
  return {
    watch(service, listener) {
      const instances = services[service];
      listener(
        instances === undefined
          ? { status: 'unreachable', why: `No address is configured for ${service}.` }
          : { status: 'known', instances },
      );
      return () => {};
    },
  };
}

/** The one instance at a base address such as `http://127.0.0.1:8080`. Throws a TypeError on anything else. */
export function instanceAt(service: string, address: string): Instance {
  const url = new URL(address);
  if (url.protocol !== 'http:') {
    throw new TypeError(`The address of ${service} must start with http://, not "${address}".`);
  }
  const port = url.port === '' ? 80 : Number(url.port);
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  return { id: service, incarnation: 'fixed', host, port, state: 'ready', weight: 1 };
}
