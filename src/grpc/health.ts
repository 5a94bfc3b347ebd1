import { HoldfastError } from '../std/index.ts';
import { Health, HealthCheckResponse_ServingStatus as ServingStatus } from './gen/health_pb.js';
import { type GrpcCall, type GrpcService, grpcService } from './service.ts';

/** The health of a server for gRPC's own health protocol: one switch, told to everybody who watches. */
export class HealthSwitch {
  #serving = false;
  #closed = false;
  readonly #listeners = new Set<() => void>();

  get closed(): boolean {
    return this.#closed;
  }

  get serving(): boolean {
    return this.#serving;
  }

  set(serving: boolean): void {
    if (serving === this.#serving) return;
    this.#serving = serving;
    this.#tell();
  }

  /** Ends all watches: a server that drains must not wait for those who only want to know how it is. */
  close(): void {
    this.#closed = true;
    this.#tell();
  }

  /** Resolves after the next change, or when `signal` is aborted. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.#listeners.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#listeners.add(done);
      signal.addEventListener('abort', done);
      if (signal.aborted || this.#closed) done();
    });
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** `grpc.health.v1.Health` for the named services; the empty name is the whole server. */
export function healthService(health: HealthSwitch, services: readonly string[]): GrpcService {
  const known = new Set(['', ...services]);
  const now = (): ServingStatus => (health.serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
  const service = grpcService(Health, {
    check({ service }) {
      if (!known.has(service)) throw new HoldfastError('not_found', `There is no service ${service} here.`);
      return { status: now() };
    },
    async *watch({ service }, call: GrpcCall) {
      while (!call.signal.aborted && !health.closed) {
        const changed = health.changed(call.signal);
        yield { status: known.has(service) ? now() : ServingStatus.SERVICE_UNKNOWN };
        await changed;
      }
    },
  });
  return { ...service, isExempt: true };
}
