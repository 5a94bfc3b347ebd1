import { AsyncLocalStorage } from 'node:async_hooks';
import { GrpcConnection } from '../../grpc/index.ts';
import type { Instance } from '../discovery.ts';

/** One HTTP/2 connection to each instance this process calls over gRPC, made anew when it broke. */
export class GrpcConnections {
  readonly #connections = new Map<string, GrpcConnection>();
  /** Replaced or no longer wanted; they end with their last call. */
  readonly #leaving = new Set<GrpcConnection>();
  // A connection serves many calls: it must not belong to the request that happened to need it first.
  readonly #outside = AsyncLocalStorage.snapshot();

  to(instance: Instance): GrpcConnection {
    const key = `${instance.host} ${instance.port}`;
    const known = this.#connections.get(key);
    if (known?.usable) return known;
    if (known !== undefined) this.#leave(known);
    const where = `${instance.id} at ${instance.host}:${instance.port}`;
    const made = this.#outside(() => new GrpcConnection(instance, where));
    this.#connections.set(key, made);
    return made;
  }

  /** Closes those whose `host port` is not in the set, each after its last call. */
  retain(addresses: ReadonlySet<string>): void {
    for (const [key, connection] of this.#connections) {
      if (addresses.has(key)) continue;
      this.#connections.delete(key);
      this.#leave(connection);
    }
  }

  close(): void {
    for (const connection of [...this.#connections.values(), ...this.#leaving]) connection.destroy();
    this.#connections.clear();
    this.#leaving.clear();
  }

  #leave(connection: GrpcConnection): void {
    for (const each of this.#leaving) if (each.closed) this.#leaving.delete(each);
    connection.close();
    if (!connection.closed) this.#leaving.add(connection);
  }
}
