import { GrpcConnection } from '../../grpc/index.ts';
import type { Instance } from '../discovery.ts';

/** One HTTP/2 connection to each instance this process calls over gRPC, made anew when it broke. */
export class GrpcConnections {
  readonly #connections = new Map<string, GrpcConnection>();

  to(instance: Instance): GrpcConnection {
    const key = `${instance.host} ${instance.port}`;
    const known = this.#connections.get(key);
    if (known?.usable) return known;
    const made = new GrpcConnection(instance, `${instance.id} at ${instance.host}:${instance.port}`);
    this.#connections.set(key, made);
    return made;
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.destroy();
    this.#connections.clear();
  }
}
