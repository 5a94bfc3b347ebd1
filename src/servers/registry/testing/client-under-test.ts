import type { DiscoveryView, Instance } from '../../../calls/index.ts';
import {
  createRegistryClient,
  newIncarnation,
  type RegistryClient,
  type RegistryEvent,
} from '../../../registry/index.ts';
import { host } from './registry-under-test.ts';

export function instance(id: string, port = 8080): Instance {
  return { id, incarnation: newIncarnation(host), host: '127.0.0.1', port, state: 'ready', weight: 1 };
}

/** A client that remembers what it was told. */
export class ClientUnderTest {
  readonly client: RegistryClient;
  readonly events: RegistryEvent[] = [];
  /** Every view of the service watched, oldest first. */
  readonly views: DiscoveryView[] = [];
  readonly #unwatch: () => void;

  constructor(
    registries: readonly string[],
    options: { readonly key?: string; readonly watch?: string } = {},
  ) {
    const { key, watch = 'a' } = options;
    this.client = createRegistryClient({
      host,
      registries,
      key,
      observe: (event) => this.events.push(event),
    });
    this.#unwatch = this.client.discovery.watch(watch, (view) => this.views.push(view));
  }

  /** The ids shown, or the status. */
  get shown(): string {
    return describeView(this.views.at(-1));
  }

  get history(): readonly string[] {
    return this.views.map(describeView);
  }

  eventTypes(): readonly string[] {
    return this.events.map(({ type }) => type);
  }

  unwatch(): void {
    this.#unwatch();
  }
}

function describeView(view: DiscoveryView | undefined): string {
  if (view?.status !== 'known') return view?.status ?? 'nothing';
  return view.instances.map(({ id, state }) => (state === 'ready' ? id : `${id}:${state}`)).join(' ');
}
