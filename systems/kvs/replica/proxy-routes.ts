import { METHODS } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type AnswerHeaders, type Calls, endToEndHeaders } from 'holdfast/calls';
import { HoldfastError } from 'holdfast/std';
import { sendJson } from './answers.ts';
import { limits } from './limits.ts';

/** What calls know the main instance by. */
export const mainInstance = 'kvs-main';

/** Everything goes to the main instance, whatever its method; health and drills stay this process's own. */
export function addProxyRoutes(app: FastifyInstance, calls: Calls): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, bytes, done) => done(null, bytes));
  for (const method of METHODS) {
    const isKnown = app.supportedMethods.includes(method);
    // Tunnels end at the port itself.
    if (!isKnown && method !== 'CONNECT') app.addHttpMethod(method, { hasBody: true });
  }
  app.all('/*', (request, reply) => pass(calls, request, reply));
}

async function pass(calls: Calls, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const gone = new AbortController();
  const abandon = (): void => gone.abort();
  reply.raw.once('close', abandon);
  try {
    const answer = await calls.request(mainInstance, {
      method: request.method,
      path: request.raw.url as string,
      headers: Object.fromEntries(passedOn(request.headers).map(([name, value]) => [name, String(value)])),
      body: request.body instanceof Uint8Array ? request.body : undefined,
      timeoutMs: limits.forwardTimeoutMs,
      signal: gone.signal,
    });
    reply.code(answer.status);
    for (const [name, value] of passedOn(answer.headers)) reply.header(name, value);
    return reply.send(answer.bytes.length === 0 ? undefined : answer.bytes);
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    sendJson(reply, 503, '{"error":"Cannot forward request"}');
    return reply;
  } finally {
    reply.raw.off('close', abandon);
  }
}

/** Written anew for the next connection. */
const ownOfNext = new Set([
  'content-length',
  'date',
  'expect',
  'host',
  // The call has its own of these, from the request it belongs to.
  'traceparent',
  'tracestate',
  'x-holdfast-attempt',
  'x-holdfast-timeout-ms',
]);

function passedOn(headers: AnswerHeaders): ReturnType<typeof endToEndHeaders> {
  return endToEndHeaders(headers).filter(([name]) => !ownOfNext.has(name));
}
