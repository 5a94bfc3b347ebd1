import { defineService } from 'holdfast/service';
import { callA, errorOf, loggedErrorOf } from './call-a.ts';
import type { Via } from './via.ts';

interface CallQuery {
  readonly Querystring: { readonly msg?: string | readonly string[] };
}

/** Passes a message on to A and says what came of it. Healthy whether or not A is. */
export function serviceB(options: { readonly via: Via }) {
  return defineService({
    name: 'echo-b',
    label: 'B',
    upstreams: ['echo-a'],
    addresses: (env) => ({ 'echo-a': env.SERVICE_A_URL }),
    http(app, { calls, log, host }) {
      const call = callA(calls, options.via);
      const target = options.via === 'http' ? { endpoint: '/echo' } : { procedure: 'Echo' };
      app.get<CallQuery>('/call-echo', async (request, reply) => {
        const startedAtMs = host.clock.nowMs();
        const latencyMs = () => Math.round(host.clock.nowMs() - startedAtMs);
        const msg = [request.query.msg ?? ''].flat()[0] ?? '';
        if (log.enables('info')) log.info('calling', { service: 'A', ...target, msg });
        try {
          const echoed = await call(msg);
          if (log.enables('info'))
            log.info({ endpoint: '/call-echo', status: 'ok', latency_ms: latencyMs() });
          return { service_b: 'ok', service_a: echoed };
        } catch (failure) {
          const error = errorOf(failure);
          log.error({
            endpoint: '/call-echo',
            status: 'error',
            error: loggedErrorOf(failure),
            latency_ms: latencyMs(),
          });
          return reply.code(503).send({ service_b: 'ok', service_a: 'unavailable', error });
        }
      });
    },
  });
}
