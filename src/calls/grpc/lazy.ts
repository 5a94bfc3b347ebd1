import { AsyncLocalStorage } from 'node:async_hooks';
import type { Transport } from '@connectrpc/connect';
import type { Caller, TransportOptions } from '../caller.ts';
import type { GrpcConnections } from './connections.ts';

interface Loaded {
  readonly connections: GrpcConnections;
  readonly grpcTransport: typeof import('./transport.ts').grpcTransport;
}

/** gRPC for callers, loaded when the first transport is asked for: those who speak only HTTP do without. */
export class LazyGrpc {
  // Loaded inside a request, it must not belong to it.
  readonly #outside = AsyncLocalStorage.snapshot();
  #loaded: Loaded | undefined;
  #loading: Promise<Loaded> | undefined;

  transport(caller: Caller, service: string, options: TransportOptions): Transport {
    let made: Transport | undefined;
    const ready = this.#load();
    const make = ({ connections, grpcTransport }: Loaded): Transport => {
      made ??= grpcTransport(caller, connections, service, options);
      return made;
    };
    ready.then(make);
    return {
      unary: (...args) => made?.unary(...args) ?? ready.then((loaded) => make(loaded).unary(...args)),
      stream: (...args) => made?.stream(...args) ?? ready.then((loaded) => make(loaded).stream(...args)),
    };
  }

  /** Closes connections to addresses, each `host port`, that are not in the set. */
  retain(addresses: ReadonlySet<string>): void {
    this.#loaded?.connections.retain(addresses);
  }

  close(): void {
    this.#loaded?.connections.close();
  }

  #load(): Promise<Loaded> {
    this.#loading ??= this.#outside(() =>
      Promise.all([import('./transport.ts'), import('./connections.ts')]).then(
        ([{ grpcTransport }, { GrpcConnections }]) => {
          this.#loaded = { grpcTransport, connections: new GrpcConnections() };
          return this.#loaded;
        },
      ),
    );
    return this.#loading;
  }
}
