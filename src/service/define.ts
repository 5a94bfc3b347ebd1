import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import type { Calls } from '../calls/index.ts';
import type { GrpcService } from '../grpc/index.ts';
import type { Accept, Host } from '../host/index.ts';
import { HoldfastError } from '../std/index.ts';
import type { Logger } from '../telemetry/index.ts';
import type { Addresses } from './announce.ts';
import type { Upstreams } from './calls.ts';
import type { ServiceEnvironment, Variables } from './environment.ts';
import type { ErrorBody } from './errors.ts';
import type { ServiceLimits } from './limits.ts';

/** What handlers work with. */
export interface ServiceContext {
  /** Calls of other services, by name. */
  readonly calls: Calls;
  readonly host: Host;
  readonly log: Logger;
  readonly env: ServiceEnvironment;
  /** Guards an internal route: `app.put('/internal', { onRequest: requireKey }, ...)`. */
  readonly requireKey: onRequestHookHandler;
  /** Calls `end` when the service drains: it ends what would go on for ever, such as event streams. */
  onDrain(end: () => void): void;
  /**
   * Lets processes of ours talk to this one on the service's port: a connection that begins with `magic` is
   * none of HTTP and handed to `accept` whole, from its first byte. Once at most, while the service starts.
   * Such connections do not hold up a drain, which leaves them alone: end them in an `onClose` hook of the
   * app, which is run last.
   */
  acceptConnections(magic: Uint8Array, accept: Accept): void;
}

export interface ServiceDefinition {
  /** What callers call it by: lower-case letters, digits and dashes. */
  readonly name: string;
  /** What log lines call it; the name by default. */
  readonly label?: string | undefined;
  /** Adds the routes. Bodies are read as JSON; what a handler returns is answered as JSON. */
  http?(app: FastifyInstance, context: ServiceContext): void | Promise<void>;
  /** The gRPC services on the same port; health and reflection come by themselves. */
  grpc?(context: ServiceContext): readonly GrpcService[] | Promise<readonly GrpcService[]>;
  /**
   * The services it calls: looked up at its start, not at its first call. A list of names, or an object with
   * a policy for each: `{ 'echo-a': { balance: 'round-robin' } }`.
   */
  readonly upstreams?: Upstreams | undefined;
  /** Services that are not looked up in the registry, by their base address; from environment variables. */
  addresses?(variables: Variables): Addresses;
  /** The body of every error answer; by default `{"error":{"code":"not_found","message":"..."}}`. */
  readonly errorBody?: ErrorBody | undefined;
  /** False for a service that nobody finds through the registry, such as the registry itself. */
  readonly announce?: boolean | undefined;
  readonly limits?: Partial<ServiceLimits> | undefined;
}

/** A service, ready for `runService` in its own process and for `startService` in a test. */
export function defineService(definition: ServiceDefinition): ServiceDefinition {
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(definition.name)) {
    const text = `A service's name is lower-case letters, digits and dashes, not "${definition.name}".`;
    throw new HoldfastError('invalid_argument', text);
  }
  return definition;
}
