// The instances of one service of a chain, each with calls of its own, in one process. Every request is
// passed on to the next service; the last one does what the request asks for. Environment: NAME, COUNT, NEXT,
// NEXT_COUNT, LEDGER, HOLDFAST_REGISTRY.

import { CallContext, currentContext } from '../../../calls/index.ts';
import { nodeHost } from '../../../host/node/index.ts';
import { HoldfastError, must } from '../../../std/index.ts';
import { defineService, type ServiceContext, startService } from '../../index.ts';
import { until } from './figures.ts';
import { ledgerAt } from './ledger.ts';
import { type How, type Method, type Via, workClient, workService } from './work-service.ts';

const { NAME = '', COUNT = '', NEXT = '', NEXT_COUNT = '', LEDGER = '' } = process.env;
const { HOLDFAST_REGISTRY } = process.env;
const note = ledgerAt(LEDGER);
const host = nodeHost({ faultsAllowed: false });
const contexts: ServiceContext[] = [];

/** One request, however it came. */
interface Work {
  readonly method: Method;
  readonly via: Via;
  readonly how: How;
  readonly id: string;
  /** Calls back when the caller leaves. */
  onLeft(left: () => void): void;
}

async function handle(work: Work, context: ServiceContext): Promise<string> {
  const { method, id } = work;
  const { attempt, deadlineMs } = must(currentContext(), 'context of a request');
  const remainingMs = deadlineMs === undefined ? undefined : deadlineMs - host.clock.nowMs();
  const entry = { by: must(context.env.instance, 'name of the instance'), id, method, attempt };
  note({ ...entry, what: 'seen', remainingMs });
  let hasEnded = false;
  work.onLeft(() => {
    if (!hasEnded) note({ ...entry, what: 'gone' });
  });
  try {
    const answer = await (NEXT === '' ? finish(work) : passOn(work, context));
    note({ ...entry, what: 'ended' });
    return answer;
  } catch (error) {
    note({ ...entry, what: 'ended', code: error instanceof HoldfastError ? error.code : String(error) });
    throw error;
  } finally {
    hasEnded = true;
  }
}

async function passOn({ method, via, how, id }: Work, { calls }: ServiceContext): Promise<string> {
  const path = `${via}/${how}/${id}`;
  if (via === 'grpc') return workClient(calls.transport(NEXT))(method, path);
  const context = via === 'forgetful' ? withoutAttempt() : undefined;
  const answer = await calls.request(NEXT, { method, path: `/task/${path}`, context });
  if (answer.status === 200) return answer.text();
  // It may notice a moment before this hop does that there is no time left.
  const code = answer.status === 504 ? 'deadline_exceeded' : 'internal';
  throw new HoldfastError(code, `${NEXT} answered ${answer.status}.`);
}

/** The request's context as if its attempt did not travel from hop to hop. */
function withoutAttempt(): CallContext {
  return new CallContext({ deadlineMs: currentContext()?.deadlineMs, random: host.random });
}

async function finish({ how, onLeft }: Work): Promise<string> {
  if (how === 'fail') throw new HoldfastError('internal', `${NAME} fails, as it was asked to.`);
  if (how === 'dawdle') {
    // It cannot stop before its caller leaves: that is what is to be seen.
    await new Promise<void>((resolve) => onLeft(resolve));
    // After the note that the caller left.
    throw new HoldfastError('cancelled', 'Nobody waits for it any more.');
  }
  return 'done';
}

const service = defineService({
  name: NAME,
  upstreams: NEXT === '' ? [] : [NEXT],
  http(app, context) {
    contexts.push(context);
    app.route<{ Params: { readonly via: Via; readonly how: How; readonly id: string } }>({
      method: ['GET', 'POST'],
      url: '/task/:via/:how/:id',
      handler: ({ method, params }, reply) => {
        const onLeft = (left: () => void): void => void reply.raw.once('close', left);
        return handle({ ...params, method: method as Method, onLeft }, context);
      },
    });
  },
  grpc: (context) => [
    workService((method, value, { signal }) => {
      const [via, how, id] = value.split('/') as [Via, How, string];
      const onLeft = (left: () => void): void => signal.addEventListener('abort', left, { once: true });
      return handle({ method, via, how, id, onLeft }, context);
    }),
  ],
});

process.on('disconnect', () => process.exit());
const listed = Array.from({ length: Number(COUNT) }, async (_, index) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const env = { HOLDFAST_REGISTRY, HOLDFAST_INSTANCE: `${NAME}-${index + 1}`, LOG_LEVEL: 'silent' };
  const onState = (news: { readonly listed?: boolean | undefined }): void => {
    if (news.listed === true) resolve();
  };
  const running = await startService(service, { host, env, onState });
  await promise;
  return running.port;
});
const ports = await Promise.all(listed);
const knowsAll = ({ calls }: ServiceContext): boolean => {
  const [next] = calls.explain(NEXT);
  return next?.instances.length === Number(NEXT_COUNT);
};
if (NEXT !== '') await until(() => contexts.every(knowsAll), `${NAME} knows all of ${NEXT}`);
process.send?.({ type: 'ready', ports });
