import type { FastifyReply, FastifyRequest } from 'fastify';
import { CallContext, type Calls, endToEndHeaders, runInContext } from '../../calls/index.ts';
import { defineService, type ServiceDefinition } from '../../service/index.ts';
import { HoldfastError } from '../../std/index.ts';
import { asGatewayError } from './errors.ts';
import { headersForUpstream } from './headers.ts';
import { limits } from './limits.ts';
import { type Route, RouteTable, type Target } from './routes.ts';

/**
 * The front door: passes a request on to an instance of the service its path leads to. Bodies are read whole,
 * within a bound, so that a request can go to another instance when one is lost.
 */
export function gateway(routes: readonly Route[]): ServiceDefinition {
  const table = new RouteTable(routes);
  return defineService({
    name: 'gateway',
    announce: false,
    upstreams: [...new Set(routes.map(({ service }) => service))],
    http(app, { calls, host }) {
      // Deadlines and traces from outside are not believed. Calls and log lines get the same fresh context.
      app.addHook('onRequest', (_request, _reply, done) =>
        runInContext(new CallContext({ random: host.random }), done),
      );
      app.removeAllContentTypeParsers();
      app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
      app.get('/status', (request) => ({
        message: `API Gateway running at http://${request.host} is alive!`,
      }));
      app.all('/*', { bodyLimit: limits.bodyBytesMax }, (request, reply) => {
        const target = table.find(request.raw.url as string);
        if (target !== undefined) return pass(calls, target, request, reply);
        const path = (request.raw.url as string).split('?', 1)[0]?.slice(0, 200);
        throw new HoldfastError('not_found', `No route leads to ${path}.`);
      });
    },
  });
}

async function pass(
  calls: Calls,
  target: Target,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const gone = new AbortController();
  const abandon = (): void => gone.abort();
  reply.raw.once('close', abandon);
  try {
    const answer = await calls.request(target.service, {
      method: request.method,
      path: target.path,
      headers: headersForUpstream(request.headers, { address: request.ip, protocol: 'http' }),
      body: request.body instanceof Uint8Array ? request.body : undefined,
      timeoutMs: limits.requestTimeoutMs,
      signal: gone.signal,
    });
    reply.code(answer.status);
    for (const [name, value] of endToEndHeaders(answer.headers)) reply.header(name, value);
    return reply.send(answer.bytes.length === 0 ? undefined : answer.bytes);
  } catch (error) {
    throw asGatewayError(error);
  } finally {
    reply.raw.off('close', abandon);
  }
}
