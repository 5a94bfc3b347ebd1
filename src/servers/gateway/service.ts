import type { FastifyReply, FastifyRequest } from 'fastify';
import { CallContext, type Calls } from '../../calls/index.ts';
import type { Host } from '../../host/index.ts';
import { defineService, type ServiceDefinition } from '../../service/index.ts';
import { describeError, HoldfastError } from '../../std/index.ts';
import { headersForClient, headersForUpstream } from './headers.ts';
import { limits } from './limits.ts';
import { type Route, RouteTable } from './routes.ts';

/**
 * The front door: passes a request on to an instance of the service its path leads to. Bodies are read whole,
 * within a bound, so that a request can go to another instance when one is lost.
 */
export function gateway(routes: readonly Route[]): ServiceDefinition {
  const table = new RouteTable(routes);
  return defineService({
    name: 'gateway',
    announce: false,
    http(app, { calls, log, host }) {
      app.removeAllContentTypeParsers();
      const bodies = { parseAs: 'buffer', bodyLimit: limits.bodyBytesMax } as const;
      app.addContentTypeParser('*', bodies, (_request, body, done) => done(null, body));
      app.get('/status', (request) => ({
        message: `API Gateway running at http://${request.host} is alive!`,
      }));
      app.all('/*', async (request, reply) => {
        const target = table.find(request.raw.url as string);
        if (target === undefined) {
          const path = (request.raw.url as string).split('?', 1)[0]?.slice(0, 200);
          throw new HoldfastError('not_found', `No route leads to ${path}.`);
        }
        try {
          return await pass({ calls, host }, target, request, reply);
        } catch (error) {
          const text = describeError(error);
          log.error({ endpoint: request.url, upstream: target.service, status: 'error', error: text });
          throw error;
        }
      });
    },
  });
}

async function pass(
  { calls, host }: { readonly calls: Calls; readonly host: Host },
  target: { readonly service: string; readonly path: string },
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
      // A fresh one: deadlines and traces from outside are not believed.
      context: new CallContext({ random: host.random }),
    });
    reply.code(answer.status);
    for (const [name, value] of headersForClient(answer.headers)) reply.header(name, value);
    return reply.send(answer.bytes.length === 0 ? undefined : answer.bytes);
  } finally {
    reply.raw.off('close', abandon);
  }
}
