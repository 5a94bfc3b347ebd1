import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Instance } from '../../calls/index.ts';
import {
  explain,
  incarnation,
  instanceId,
  limits,
  parsePosition,
  putBody,
  type RegistryStore,
  serviceName,
} from '../../registry/index.ts';
import { defineService, type ServiceContext, type ServiceDefinition } from '../../service/index.ts';
import { HoldfastError } from '../../std/index.ts';
import { listOf, putInto, removeFrom } from './asking.ts';
import { addClassicRegistration, type ClassicForm, type EndProbing } from './classic/routes.ts';
import { openStore, type StoreSettings } from './open-store.ts';
import { WatchStreams } from './watch-streams.ts';

export interface RegistryServiceOptions extends StoreSettings {
  /** How long a watcher may take for what it was sent. */
  readonly watcherTakeMs?: number | undefined;
}

/** The registry as a service. It finds nobody through a registry and is found by its address. */
export function registryService(options: RegistryServiceOptions = {}): ServiceDefinition {
  return defineService({
    name: 'registry',
    announce: false,
    limits: { bodyBytesMax: limits.bodyBytesMax },
    async http(app, context) {
      const { warmingMs, historyMax } = options;
      const { store, enrolments } = await openStore(context, { warmingMs, historyMax });
      app.addHook('onClose', async () => store.close());
      const streams = new WatchStreams(store, {
        clock: context.host.clock,
        takeMs: options.watcherTakeMs,
        onSlow: (service, why) => context.log.warn('watcher cut off', { service, why }),
      });
      const classic = await addClassicRegistration(app, store, context, enrolments);
      addReadRoutes(app, store, streams, classic);
      addWriteRoutes(app, store, context, classic.endProbing);
      context.onDrain(() => streams.close());
    },
  });
}

interface Named {
  readonly Params: { readonly service: string };
}

interface Identified {
  readonly Params: { readonly service: string; readonly id: string };
}

function addReadRoutes(
  app: FastifyInstance,
  store: RegistryStore,
  streams: WatchStreams,
  classic: ClassicForm,
): void {
  app.get('/status', ({ host, socket }) => {
    const where = host === '' ? `${socket.localAddress}:${socket.localPort}` : host;
    return { message: `Service discovery running at http://${where} is alive!` };
  });

  app.get('/v1/services', async () => {
    const { position, warming, held, instances } = await listOf(store, undefined);
    // Without a prototype: `constructor` is a service name like any other.
    const services: Record<string, Instance[]> = Object.create(null);
    for (const { service, instance } of instances) {
      services[service] ??= [];
      services[service].push(instance);
    }
    return { revision: position.revision, warming, held, probesHeld: classic.held(), services };
  });

  app.get<Named>('/v1/services/:service', async ({ params }) => {
    const { position, warming, instances } = await listOf(store, readService(params.service));
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

function addWriteRoutes(
  app: FastifyInstance,
  store: RegistryStore,
  { requireKey }: ServiceContext,
  endProbing: EndProbing,
): void {
  const internal = { onRequest: requireKey };

  app.put<Identified>('/v1/services/:service/instances/:id', internal, async (request) => {
    const service = readService(request.params.service);
    const id = readId(request.params.id);
    const parsed = putBody.safeParse(request.body);
    if (!parsed.success) throw invalid(`The body is no instance: ${explain(parsed.error)}.`);
    const { leaseMs, sequence, ...described } = parsed.data;
    return putInto(store, { service, instance: { id, ...described }, leaseMs, sequence });
  });

  app.delete<Identified>('/v1/services/:service/instances/:id', internal, async (request) => {
    const service = readService(request.params.service);
    const id = readId(request.params.id);
    const gone = readIncarnation(request);
    const ended = await endProbing(service, id, gone);
    const outcome = await removeFrom(store, { service, id, incarnation: gone });
    return ended ? { ...outcome, removed: true } : outcome;
  });
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
