import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyInstance } from 'fastify';
import { type Calls, createCalls, currentContext, type InstanceState } from '../calls/index.ts';
import type { Accept, Host } from '../host/index.ts';
import { type AssertionFailure, assert, must } from '../std/index.ts';
import { createLogger, type Logger } from '../telemetry/index.ts';
import { RegistrySide } from './announce.ts';
import { addCallsRoute, logCalls, namesOf, policiesOf } from './calls.ts';
import { ClientErrors } from './client-errors.ts';
import type { ServiceContext, ServiceDefinition } from './define.ts';
import { type DrainParts, drainService } from './drain.ts';
import { isLoopback, parseEnvironment, type ServiceEnvironment, type Variables } from './environment.ts';
import { defaultErrorBody } from './errors.ts';
import { addFaultRoutes } from './faults.ts';
import { GrpcSide } from './grpc.ts';
import { addHealthRoutes } from './health.ts';
import { createApp } from './http.ts';
import { Intake } from './intake.ts';
import { keyGuard } from './key.ts';
import { limits as defaultLimits, type ServiceLimits } from './limits.ts';
import { PortListener } from './listener.ts';
import { addressOf, checkPort, openPort } from './open-port.ts';

export interface StartOptions {
  readonly host: Host;
  /** The service's own port, where `PORT` says no other; 0, the default, takes a free one. */
  readonly port?: number | undefined;
  /** The address to listen on, where `HOST` says no other; loopback by default. */
  readonly listenOn?: string | undefined;
  /** Environment variables; none by default. */
  readonly env?: Variables | undefined;
  /** Overrides the definition's, which override the defaults. */
  readonly limits?: Partial<ServiceLimits> | undefined;
  /** Instead of the one the environment asks for. */
  readonly log?: Logger | undefined;
  readonly onState?: ((news: StateNews) => void) | undefined;
  /** A handler's broken assertion, logged and answered. By default thrown where nothing catches it. */
  readonly onBug?: ((error: AssertionFailure) => void) | undefined;
}

export interface StateNews {
  readonly state: InstanceState;
  readonly port: number;
  /** What the registry knows this life of the instance by. */
  readonly incarnation: string;
  /** Whether a registry lists it by now; undefined for a service that is not announced to any. */
  readonly listed?: boolean | undefined;
}

export interface RunningService {
  readonly name: string;
  /** What the registry knows it by. */
  readonly instance: string;
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:8080` */
  readonly address: string;
  readonly state: InstanceState;
  readonly log: Logger;
  /** Finishes what is under way and stops, all within `timeoutMs`. Asked twice, it is one drain. */
  drain(timeoutMs?: number): Promise<void>;
}

/**
 * Starts a service inside this process and resolves when it listens and is ready. Throws a
 * HoldfastError when the environment is wrong (`invalid_argument`) or the port cannot be had
 * (`failed_precondition`).
 */
export async function startService(
  definition: ServiceDefinition,
  options: StartOptions,
): Promise<RunningService> {
  return outside(startOutside, definition, options);
}

async function startOutside(definition: ServiceDefinition, options: StartOptions): Promise<RunningService> {
  const env = parseEnvironment(options.env ?? {}, options.listenOn);
  const log = options.log ?? serviceLogger(definition, options.host, env);
  const service = new Service(definition, options, env, log);
  await service.start();
  return service;
}

/** Lines of the service in the form its environment asks for. */
export function serviceLogger(
  definition: ServiceDefinition,
  host: Host,
  env: Pick<ServiceEnvironment, 'logFormat' | 'logLevel'>,
): Logger {
  return createLogger({
    format: env.logFormat,
    level: env.logLevel,
    service: definition.label ?? definition.name,
    traceId: () => currentContext()?.trace.traceId,
    wallMs: () => host.clock.wallMs(),
  });
}

/**
 * Whatever a service starts lives longer than the request that may have started it: it runs in no request's
 * context, so that no trace, nor deadline, sticks to its log lines and connections.
 */
const outside = AsyncLocalStorage.snapshot();

class Service implements RunningService {
  readonly name: string;
  readonly log: Logger;
  readonly #definition: ServiceDefinition;
  readonly #options: StartOptions;
  readonly #env: ServiceEnvironment;
  readonly #limits: ServiceLimits;
  readonly #registry: RegistrySide;
  readonly #calls: Calls;
  readonly #intake: Intake;
  readonly #clientErrors: ClientErrors;
  readonly #enders: (() => void)[] = [];
  #listener: PortListener | undefined;
  #app: FastifyInstance | undefined;
  #grpc: GrpcSide | undefined;
  #state: InstanceState = 'starting';
  #isListed = false;
  #port = 0;
  #drained: Promise<void> | undefined;

  constructor(definition: ServiceDefinition, options: StartOptions, env: ServiceEnvironment, log: Logger) {
    const { host } = options;
    const { clock } = host;
    this.#definition = definition;
    this.#options = options;
    this.#env = env;
    this.name = definition.name;
    this.log = log;
    const limits = { ...defaultLimits, ...definition.limits, ...options.limits };
    const errorBody = definition.errorBody ?? defaultErrorBody;
    this.#limits = limits;
    const addresses = definition.addresses?.(env.variables) ?? {};
    const onListed = (): void => this.#onListed();
    this.#registry = new RegistrySide({ host, env, log, addresses, onListed });
    const upstreams = definition.upstreams ?? [];
    this.#calls = createCalls({
      host,
      discovery: this.#registry.discovery,
      policies: policiesOf(upstreams),
      zone: env.zone,
      observe: (event) => logCalls(event, log),
      // How each attempt ends is a line at debug only: otherwise no call should pay for it.
      detail: log.enables('debug') ? 'all' : 'instances',
    });
    this.#clientErrors = new ClientErrors({ clock, limits, errorBody });
    for (const upstream of namesOf(upstreams)) this.#calls.prepare(upstream);
    this.#intake = new Intake({ host, limits, errorBody, clientErrors: this.#clientErrors });
  }

  get instance(): string {
    return this.#env.instance ?? `${this.name}-${this.#port}`;
  }

  get host(): string {
    return this.#env.host;
  }

  get port(): number {
    return this.#port;
  }

  /** 0: any that is free. */
  get #askedPort(): number {
    return this.#env.port ?? this.#options.port ?? 0;
  }

  get address(): string {
    return addressOf(this.host, this.#port);
  }

  get state(): InstanceState {
    return this.#state;
  }

  async start(): Promise<void> {
    try {
      await this.#checkPort();
      await this.#build();
      await this.#listen();
    } catch (error) {
      await this.#abandon();
      throw error;
    }
    this.#warnIfOpen();
    if (this.#definition.announce !== false) {
      this.#registry.announce(this.name, this.instance, this.#port, 'ready');
    }
    this.#setState('ready');
    this.log.info('listening', { port: this.#port, address: this.address, instance: this.instance });
  }

  drain(timeoutMs?: number): Promise<void> {
    this.#drained ??= outside(drainService, this.#parts(), timeoutMs);
    return this.#drained;
  }

  /** A port that is taken is found before the service opens what it keeps, and tells others that it has. */
  async #checkPort(): Promise<void> {
    const port = this.#askedPort;
    if (port !== 0) await checkPort(this.host, port, this.#limits.portCheckMs);
  }

  async #build(): Promise<void> {
    const { host } = this.#options;
    const requireKey = keyGuard(this.#env.clusterKey);
    const context: ServiceContext = {
      calls: this.#calls,
      host,
      log: this.log,
      env: this.#env,
      requireKey,
      onDrain: (end) => this.#enders.push(end),
      acceptConnections: (magic, accept) => this.#acceptConnections(magic, accept),
    };
    const listener = await this.#createListener(context);
    const app = createApp({
      listener,
      intake: this.#intake,
      clientErrors: this.#clientErrors,
      limits: this.#limits,
      errorBody: this.#definition.errorBody ?? defaultErrorBody,
      log: this.log,
      clock: host.clock,
      onBug: (error) => this.#onBug(error),
    });
    this.#app = app;
    addHealthRoutes(app, () => this.#state);
    addFaultRoutes(app, host.faults, requireKey);
    addCallsRoute(app, this.#calls, requireKey);
    app.register(async (scope) => this.#definition.http?.(scope, context));
    await app.ready();
  }

  #acceptConnections(magic: Uint8Array, accept: Accept): void {
    const { network } = this.#options.host;
    assert(network.adopt !== undefined, 'the host has sockets');
    const listener = must(this.#listener, 'connections are accepted by what `http` sets up');
    listener.speak({ magic, take: (socket) => network.adopt?.(socket, accept) });
  }

  async #createListener(context: ServiceContext): Promise<PortListener> {
    const { host } = this.#options;
    const services = await this.#definition.grpc?.(context);
    if (services !== undefined) {
      this.#grpc = await GrpcSide.create({
        services,
        host,
        intake: this.#intake,
        limits: this.#limits,
        log: this.log,
        onBug: (error) => this.#onBug(error),
      });
    }
    this.#listener = new PortListener({
      clock: host.clock,
      limits: this.#limits,
      clientErrors: this.#clientErrors,
      onRequest: this.#intake.onRequest,
      http2: this.#grpc?.http2,
    });
    return this.#listener;
  }

  async #listen(): Promise<void> {
    const { server } = this.#listener as PortListener;
    this.#port = await openPort(server, this.host, this.#askedPort);
    // A failed accept (too many open files) concerns one connection; the service goes on.
    server.on('error', (error) => this.log.error({ status: 'error', error }));
  }

  /** Starting failed: nothing may stay open. */
  async #abandon(): Promise<void> {
    await Promise.allSettled([this.#app?.close(), this.#calls.close(), this.#registry.close()]);
    this.#intake.close();
  }

  #warnIfOpen(): void {
    if (this.#env.clusterKey !== undefined) return;
    const error = isLoopback(this.host)
      ? 'CLUSTER_KEY is not set: everybody on this machine may use the internal endpoints.'
      : `CLUSTER_KEY is not set and ${this.host} can be reached from other machines: ` +
        'EVERYBODY may use the internal endpoints. Set CLUSTER_KEY.';
    this.log.warn({ error });
  }

  #setState(state: InstanceState): void {
    this.#state = state;
    if (this.#grpc !== undefined) this.#grpc.serving = state === 'ready';
    if (state === 'draining') this.#registry.setState(state);
    this.#tellState();
  }

  #onListed(): void {
    if (this.#isListed) return;
    this.#isListed = true;
    if (this.#state === 'ready') this.#tellState();
  }

  #tellState(): void {
    const { incarnation, isAnnounced } = this.#registry;
    const listed = isAnnounced ? this.#isListed : undefined;
    this.#options.onState?.({ state: this.#state, port: this.#port, incarnation, listed });
  }

  #onBug(error: AssertionFailure): void {
    this.log.fatal({ error, stack: error.stack });
    if (this.#options.onBug !== undefined) {
      this.#options.onBug(error);
      return;
    }
    setImmediate(() => {
      throw error;
    });
  }

  #parts(): DrainParts {
    return {
      clock: this.#options.host.clock,
      limits: this.#limits,
      log: this.log,
      listener: this.#listener as PortListener,
      intake: this.#intake,
      grpc: this.#grpc,
      registry: this.#registry,
      app: this.#app as FastifyInstance,
      calls: this.#calls,
      enders: this.#enders,
      setState: (state) => this.#setState(state),
    };
  }
}
