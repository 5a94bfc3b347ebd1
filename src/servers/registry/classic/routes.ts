import type { FastifyInstance, FastifyReply, FastifyRequest, onSendHookHandler } from 'fastify';
import { type ProbesHeld, type RegistryStore, limits as registryLimits } from '../../../registry/index.ts';
import type { ServiceContext } from '../../../service/index.ts';
import { HoldfastError, keyHeader } from '../../../std/index.ts';
import { KeylessAccess } from './access.ts';
import { ClassicRegistry, type RegisterOutcome } from './classic-registry.ts';
import type { Enrolments, StorageFailure } from './enrolments.ts';
import { FileEnrolments } from './file-enrolments.ts';
import { limits } from './limits.ts';
import { MemoryEnrolments } from './memory-enrolments.ts';
import { parseRegistration } from './registration.ts';

/**
 * Adds `POST /register {host, type}`, and goes on probing what was registered so before a restart.
 * `enrolments` are kept in the process's data folder unless given, and in memory when it has none. Throws a
 * HoldfastError for an environment that is wrong or unsafe.
 */
export async function addClassicRegistration(
  app: FastifyInstance,
  store: RegistryStore,
  context: ServiceContext,
  enrolments?: Enrolments,
): Promise<ClassicForm> {
  const { env, host, log } = context;
  const access = new KeylessAccess({
    auth: env.variables.AUTH,
    allow: env.variables.REGISTER_ALLOW,
    listensOn: env.host,
  });
  if (access.isLab) log.warn({ error: labWarning });
  const isOpen = access.isLab || env.clusterKey !== undefined;
  if (isOpen && enrolments === undefined && env.dataFolder === undefined) {
    log.info('classic registrations are lost with a restart', { set: 'HOLDFAST_DATA' });
  }
  const kept = enrolments ?? (await openEnrolments(context));
  const classic = await ClassicRegistry.start({ host, log, store, enrolments: kept });
  context.onDrain(() => void classic.close());
  app.addHook('onClose', () => classic.close());
  addRoute(app, classic, access, context);
  const endProbing: EndProbing = async (service, id, incarnation) => {
    const ended = await classic.end(service, id, incarnation);
    if (typeof ended !== 'boolean') throw storageError(ended);
    return ended;
  };
  return { endProbing, held: () => classic.held };
}

/** What the registry's other routes need to know of it. */
export interface ClassicForm {
  readonly endProbing: EndProbing;
  /** While most instances fail their probes together and stay listed for that. */
  readonly held: () => ProbesHeld | undefined;
}

/**
 * To be asked before an instance is removed from the list, or its next probe would put it back: ends its
 * probing, if it is the incarnation listed, or none is. Whether it did. Throws `unavailable` when that could
 * not be stored: then nothing has changed, or the error says that it may have.
 */
export type EndProbing = (service: string, id: string, incarnation: string) => Promise<boolean>;

const labWarning =
  'AUTH=lab: EVERYBODY who reaches this registry may register instances of this machine, and those of ' +
  'REGISTER_ALLOW, without a key. They are sent what users send, passwords too. Never use it outside a lab.';

async function openEnrolments({ env, host, log }: ServiceContext): Promise<Enrolments> {
  if (env.dataFolder === undefined) return new MemoryEnrolments();
  return FileEnrolments.open(host, env.dataFolder, ({ file, keptAs }) => {
    const error = `${file} is damaged: what was registered in the classic form has to register again.`;
    log.error({ error, kept_as: keptAs });
  });
}

function addRoute(
  app: FastifyInstance,
  classic: ClassicRegistry,
  access: KeylessAccess,
  context: ServiceContext,
): void {
  const withKey = new WeakSet<FastifyRequest>();
  app.post(
    '/register',
    {
      onSend: errorsAsDetail,
      // Outside the lab nothing is even read without the key.
      onRequest: async function (request, reply) {
        if (await hasKey(context, this, request, reply)) withKey.add(request);
        else if (!access.isLab) throw keyRequired(context);
      },
    },
    async (request, reply) => {
      // A page that someone on this machine looks at could send this too; browsers say so in Origin.
      const isFromPage = request.headers.origin !== undefined;
      if (!withKey.has(request) && isFromPage) throw fromPage();
      const registration = parseRegistration(request.body);
      if (!withKey.has(request) && !access.mayRegister(registration.host)) throw notAllowed();
      const outcome = await classic.register(registration);
      const failure = problem(outcome);
      if (failure === 'no room') {
        return reply
          .code(507)
          .send({ detail: 'There is no room to store the registration: nothing has changed.' });
      }
      if (failure !== undefined) throw failure;
      const { sentHost, sentType } = registration;
      return { message: `Service registered: ${sentHost} as ${sentType}` };
    },
  );
}

/** Whether there is a cluster key, and the request carries it. */
function hasKey(
  { env, requireKey }: ServiceContext,
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<boolean> {
  if (env.clusterKey === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    requireKey.call(app, request, reply, (error) => resolve(error === undefined));
  });
}

/** The classic form of every error of its row: `{"detail"}` with the sentence that the others carry. */
const errorsAsDetail: onSendHookHandler = (_request, reply, payload, done) => {
  if (reply.statusCode < 400 || typeof payload !== 'string') {
    done(null, payload);
    return;
  }
  const body = JSON.parse(payload) as { readonly error?: { readonly message?: unknown } };
  done(null, body.error === undefined ? payload : JSON.stringify({ detail: body.error.message }));
};

function keyRequired({ env }: ServiceContext): HoldfastError {
  const text =
    env.clusterKey === undefined
      ? 'Registering needs a cluster key: start the registry with CLUSTER_KEY, or, in a lab, with AUTH=lab.'
      : `Registering needs the cluster key in the header ${keyHeader}.`;
  return new HoldfastError('unauthenticated', text);
}

function fromPage(): HoldfastError {
  const how = `send the key in the header ${keyHeader}, from a program`;
  const text = `A web page may not register anything: ${how}.`;
  return new HoldfastError('unauthenticated', text);
}

function notAllowed(): HoldfastError {
  const text =
    'Without the cluster key only hosts of this machine may be registered, and those that REGISTER_ALLOW ' +
    `of the registry names: send the key in the header ${keyHeader}, or have the host allowed.`;
  return new HoldfastError('unauthenticated', text);
}

function problem(outcome: RegisterOutcome): HoldfastError | 'no room' | undefined {
  if (outcome.result === 'registered') return undefined;
  if (outcome.result === 'failed') return outcome.noRoom ? 'no room' : storageError(outcome);
  if (outcome.result === 'unavailable') {
    return new HoldfastError('unavailable', outcome.why, { retryAfterMs: limits.retryAfterMs });
  }
  const text =
    outcome.result === 'full'
      ? `${registryLimits.enrolmentsMax} instances are registered in this form, and no more are possible.`
      : `It cannot be listed: ${outcome.why}.`;
  return new HoldfastError('resource_exhausted', text, { retryAfterMs: limits.retryAfterMs });
}

function storageError({ why, isUnsure }: StorageFailure): HoldfastError {
  const text = `The registry could not store the change: ${why}. Try again.`;
  const { retryAfterMs } = limits;
  return new HoldfastError('unavailable', text, { retryAfterMs, mayHaveExecuted: isUnsure === true });
}
