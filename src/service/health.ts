import type { FastifyInstance } from 'fastify';
import type { InstanceState } from '../calls/index.ts';

/** `/health`: the process lives. `/ready`: it wants traffic. */
export function addHealthRoutes(app: FastifyInstance, state: () => InstanceState): void {
  const alive = { status: 'ok' };
  app.get('/health', () => alive);
  app.get('/ready', (_request, reply) => {
    const now = state();
    return reply.code(now === 'ready' ? 200 : 503).send({ status: now });
  });
}

/** Paths below it are the platform's own. */
export const internalPrefix = '/_holdfast/';

/** Paths that are answered even when the service is full or paused by a drill. */
export function isAlwaysAnswered(url: string): boolean {
  return url === '/health' || url === '/ready' || url.startsWith(internalPrefix);
}
