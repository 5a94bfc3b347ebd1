import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Instance } from '../../calls/index.ts';
import {
  EmbeddedStore,
  explain,
  incarnation,
  instanceId,
  type Listing,
  limits,
  type PutOutcome,
  parsePosition,
  putBody,
  type RegistryStore,
  type RemoveOutcome,
  type StoreEvent,
  serviceName,
} from '../../registry/index.ts';
import { defineService, type ServiceContext, type ServiceDefinition } from '../../service/index.ts';
import { HoldfastError } from '../../std/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import { WatchStreams } from './watch-streams.ts';

export interface RegistryServiceOptions {
  /** How long after its start the registry counts its list as incomplete; a lease by default. */
  readonly warmingMs?: number | undefined;
  /** Changes kept for watchers that resume. */
  readonly historyMax?: number | undefined;
  /** How long a watcher may take for what it was sent. */
  readonly watcherTakeMs?: number | undefined;
}

/** The registry as a service. It finds nobody through a registry and is found by its address. */
export function registryService(options: RegistryServiceOptions = {}): ServiceDefinition {
  return defineService({
    name: 'registry',
    announce: false,
    limits: { bodyBytesMax: limits.bodyBytesMax },
    http(app, context) {
      const store = new EmbeddedStore({
        ...options,
        host: context.host,
        observe: (event) => logStore(event, context.log),
      });
      const streams = new WatchStreams(store, {
        clock: context.host.clock,
        takeMs: options.watcherTakeMs,
        onSlow: (service, why) => context.log.warn('watcher cut off', { service, why }),
      });
      addReadRoutes(app, store, streams);
      addWriteRoutes(app, store, context);
      context.onDrain(() => streams.close());
      app.addHook('onClose', async () => store.close());
    },
  });
}

interface Named {
  readonly Params: { readonly service: string };
}

interface Identified {
  readonly Params: { readonly service: string; readonly id: string };
}

function addReadRoutes(app: FastifyInstance, store: RegistryStore, streams: WatchStreams): void {
  app.get('/status', ({ host, socket }) => {
    const where = host === '' ? `${socket.localAddress}:${socket.localPort}` : host;
    return { message: `Service discovery running at http://${where} is alive!` };
  });

  app.get('/v1/services', async () => {
    const { position, warming, instances } = await list(store, undefined);
    // Without a prototype: `constructor` is a service name like any other.
    const services: Record<string, Instance[]> = Object.create(null);
    for (const { service, instance } of instances) {
      services[service] ??= [];
      services[service].push(instance);
    }
    return { revision: position.revision, warming, services };
  });

  app.get<Named>('/v1/services/:service', async ({ params }) => {
    const { position, warming, instances } = await list(store, readService(params.service));
    return { revision: position.revision, warming, instances: instances.map(({ instance }) => instance) };
  });

  // A HEAD of an endless answer would be endless too.
  app.get('/v1/watch', { exposeHeadRoute: false }, (request, reply) => {
    const { service } = request.query as { readonly service?: unknown };
    const resume = request.headers['last-event-id'];
    const from = typeof resume === 'string' ? parsePosition(resume) : undefined;
    const watched = service === undefined ? undefined : readService(service);
    streams.open(reply.raw, { service: watched, from });
    reply.hijack();
  });
}

function addWriteRoutes(app: FastifyInstance, store: RegistryStore, { requireKey }: ServiceContext): void {
  const internal = { onRequest: requireKey };

  app.put<Identified>('/v1/services/:service/instances/:id', internal, async (request) => {
    const service = readService(request.params.service);
    const id = readId(request.params.id);
    const parsed = putBody.safeParse(request.body);
    if (!parsed.success) throw invalid(`The body is no instance: ${explain(parsed.error)}.`);
    const { leaseMs, sequence, ...described } = parsed.data;
    const { promise, resolve } = Promise.withResolvers<PutOutcome>();
    store.put({ service, instance: { id, ...described }, leaseMs, sequence }, resolve);
    return answerTo(await promise, service, id);
  });

  app.delete<Identified>('/v1/services/:service/instances/:id', internal, async (request) => {
    const service = readService(request.params.service);
    const id = readId(request.params.id);
    const gone = readIncarnation(request);
    const { promise, resolve } = Promise.withResolvers<RemoveOutcome>();
    store.remove({ service, id, incarnation: gone }, resolve);
    return promise;
  });
}

function answerTo(outcome: PutOutcome, service: string, id: string): { revision: number; leaseMs: number } {
  if (outcome.result === 'listed') return { revision: outcome.revision, leaseMs: outcome.leaseMs };
  if (outcome.result === 'full') {
    const text = fullTexts[outcome.bound];
    throw new HoldfastError('resource_exhausted', text, { retryAfterMs: limits.leaseMs });
  }
  const { by } = outcome;
  const text =
    by === undefined
      ? `This incarnation of ${service}/${id} was removed; a new one may register.`
      : `${service}/${id} is announced by a later process, at ${by.host}:${by.port}. If both are to run, ` +
        'give one of them another HOLDFAST_INSTANCE.';
  throw new HoldfastError('already_exists', text);
}

const fullTexts: Readonly<Record<Extract<PutOutcome, { result: 'full' }>['bound'], string>> = {
  instancesMax: `The registry is full: it lists ${limits.instancesMax} instances.`,
  instanceBytesMax:
    `The instance is described in over ${limits.instanceBytesMax} bytes, which is too much: ` +
    'shorten its metadata.',
  listBytesMax:
    `The registry is full: it lists no more than ${limits.listBytesMax} bytes. ` +
    'Announce fewer instances, or shorter metadata.',
};

function list(store: RegistryStore, service: string | undefined): Promise<Listing> {
  return new Promise((resolve) => store.list(service, resolve));
}

function readService(value: unknown): string {
  const parsed = serviceName.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(`The service name ${quoted(value)} is not possible: it ${explain(parsed.error)}.`);
}

function readId(value: unknown): string {
  const parsed = instanceId.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(`The instance id ${quoted(value)} is not possible: it ${explain(parsed.error)}.`);
}

function readIncarnation(request: FastifyRequest): string {
  const { incarnation: value } = request.query as { readonly incarnation?: unknown };
  const parsed = incarnation.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid('Say which incarnation is to be removed: ?incarnation=...');
}

const invalid = (text: string): HoldfastError => new HoldfastError('invalid_argument', text);

function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
}

function logStore(event: StoreEvent, log: Logger): void {
  switch (event.type) {
    case 'changed': {
      const { change } = event;
      if (change.kind === 'put') {
        const { id, host, port, state } = change.instance;
        log.info('listed', { of: change.service, instance: id, address: `${host}:${port}`, state });
      } else {
        log.info('dropped', { of: change.service, instance: change.id, why: change.why });
      }
      return;
    }
    case 'expiry-held': {
      const lost = `${event.due} of ${event.total} leases ran out together`;
      log.warn({ error: `${lost}: kept for up to ${event.holdMs / 1000} s, in case it is the network.` });
      return;
    }
    case 'expiry-released':
      log.warn({ error: `${event.due} of ${event.total} instances are given up after a mass expiry.` });
      return;
    case 'stalled':
      log.warn({
        error: `The registry did not run for ${Math.round(event.gapMs)} ms: every lease got as much on top.`,
      });
      return;
  }
}
