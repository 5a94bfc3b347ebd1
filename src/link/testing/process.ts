import type { Accept, Host, Listener } from '../../host/index.ts';
import { must } from '../../std/index.ts';
import {
  type Link,
  type LinkEvent,
  type LinkLimits,
  type LinkListener,
  Links,
  type LinksOptions,
} from '../index.ts';
import { sniffingPort } from './sniffing-port.ts';

export type TestHost = Pick<Host, 'clock' | 'random' | 'network' | 'faults'>;

export interface ProcessOptions {
  readonly host: TestHost;
  /** Where the host listens and is dialled. */
  readonly ip: string;
  /** 0 takes a free one. */
  readonly port?: number;
  readonly session: string;
  readonly clusterKey?: string | undefined;
  readonly limits?: Partial<LinkLimits>;
  readonly versions?: LinksOptions['versions'];
  readonly hello?: () => Uint8Array;
  /** Its port is one for other protocols, too. */
  readonly shared?: boolean;
  /** Over what it does by itself, which is to write down what happens. */
  readonly listener?: Partial<LinkListener>;
}

/** A process with links and a port, that writes down what its links say. */
export class TestProcess {
  readonly log: string[] = [];
  readonly events: LinkEvent[] = [];
  readonly #options: ProcessOptions;
  #listener: Listener | undefined;
  #links: Links | undefined;

  constructor(options: ProcessOptions) {
    this.#options = options;
    const { host, ip, port } = options;
    const accept: Accept = (connection) => this.links.accept(connection);
    host.network.listen(
      { host: ip, port: port ?? 0 },
      options.shared === true ? sniffingPort(accept) : accept,
      (outcome) => {
        if (!outcome.ok) throw new Error(outcome.failure.message);
        this.#listener = outcome.listener;
        this.#links = this.#start(`${ip}:${outcome.listener.address.port}`);
      },
    );
  }

  get ready(): boolean {
    return this.#links !== undefined;
  }

  get links(): Links {
    return must(this.#links, 'the links of a process that listens');
  }

  get host(): TestHost {
    return this.#options.host;
  }

  get address(): string {
    return this.links.address;
  }

  /** The link to another process, when there is one. */
  link(peer: TestProcess): Link | undefined {
    return [...this.links.links()].find(({ address }) => address === peer.address);
  }

  connect(peer: TestProcess): Link {
    return this.links.connect(peer.address);
  }

  isUp(peer: TestProcess): boolean {
    return this.link(peer)?.peer !== undefined;
  }

  refusals(): string[] {
    return this.events.flatMap((event) =>
      event.type === 'refused' ? [`${event.reason} ${event.there ? 'there' : 'here'}`] : [],
    );
  }

  /** No more connections, as when a process stops; those that stand go on. */
  stopListening(): void {
    this.#listener?.close();
  }

  close(): void {
    this.#listener?.close();
    this.#links?.close();
  }

  #start(address: string): Links {
    const { host, session, clusterKey, limits, versions, hello, listener } = this.#options;
    return new Links({
      host,
      address,
      session,
      clusterKey,
      limits,
      versions,
      hello: hello ?? (() => new TextEncoder().encode(`hello of ${session}`)),
      observe: (event) => this.events.push(event),
      listener: {
        up: (_link, peer) => this.log.push(`up ${peer.session}`),
        down: (_link, reason) => this.log.push(`down ${reason.kind}`),
        silent: () => this.log.push('silent'),
        heard: () => this.log.push('heard'),
        message: (_link, kind, payload) => this.log.push(`${kind} ${textOf(payload)}`),
        ...listener,
      },
    });
  }
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function textOf(bytes: Uint8Array | undefined): string {
  return new TextDecoder().decode(bytes);
}
