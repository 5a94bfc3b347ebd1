import { grpcService } from 'holdfast/grpc';
import { defineService, type ServiceContext } from 'holdfast/service';
import { HoldfastError } from 'holdfast/std';
import { ServiceA } from '../gen/service_a_pb.js';
import { clampDelay } from './delay.ts';

interface EchoQuery {
  readonly Querystring: { readonly msg?: string | readonly string[] };
}

/** Says back what it is told, over HTTP and gRPC, after a delay that can be changed while it runs. */
export function serviceA(options: { readonly delaySeconds: number }) {
  let delaySeconds = clampDelay(options.delaySeconds);

  function delayed({ host }: ServiceContext): Promise<void> | undefined {
    if (delaySeconds === 0) return undefined;
    return new Promise((resolve) => host.clock.setTimer(delaySeconds * 1_000, resolve));
  }

  return defineService({
    name: 'echo-a',
    label: 'A',
    http(app, context) {
      const { log, host } = context;
      app.get<EchoQuery>('/echo', async (request) => {
        const startedAtMs = host.clock.nowMs();
        const { msg: given = '' } = request.query;
        const msg = typeof given === 'string' ? given : (given[0] ?? '');
        const wait = delayed(context);
        if (wait !== undefined) await wait;
        if (log.enables('info')) {
          log.info({
            endpoint: '/echo',
            status: 'ok',
            msg,
            latency_ms: wholeMs(host.clock.nowMs() - startedAtMs),
          });
        }
        return { echo: msg };
      });
      app.get('/delay', () => ({ seconds: delaySeconds }));
      app.put<{ Body: unknown }>('/delay', { onRequest: context.requireKey }, (request) => {
        const body = request.body as { seconds?: unknown } | null | undefined;
        if (typeof body !== 'object' || body === null || Array.isArray(body)) {
          throw new HoldfastError('invalid_argument', 'Send the delay as {"seconds": 2}.');
        }
        delaySeconds = clampDelay(body.seconds);
        log.info({ endpoint: '/delay', status: 'ok', seconds: delaySeconds });
        return { seconds: delaySeconds };
      });
    },
    grpc(context) {
      const { log, host } = context;
      return [
        grpcService(ServiceA, {
          async echo({ msg }) {
            const startedAtMs = host.clock.nowMs();
            const wait = delayed(context);
            if (wait !== undefined) await wait;
            if (log.enables('info')) {
              log.info({
                procedure: 'Echo',
                status: 'ok',
                latency_ms: wholeMs(host.clock.nowMs() - startedAtMs),
              });
            }
            return { msg: JSON.stringify({ echo: msg }) };
          },
          healthCheck: () => ({ status: 'ok' }),
        }),
      ];
    },
  });
}

function wholeMs(ms: number): number {
  return Math.round(ms);
}
