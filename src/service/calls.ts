import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import type { Calls, CallsEvent, UpstreamPolicy } from '../calls/index.ts';
import { HoldfastError } from '../std/index.ts';
import type { Logger } from '../telemetry/index.ts';
import { internalPrefix } from './health.ts';

/** The services one calls: their names, or each with how it is called where the defaults will not do. */
export type Upstreams = readonly string[] | Readonly<Record<string, UpstreamPolicy>>;

export function policiesOf(upstreams: Upstreams): Readonly<Record<string, UpstreamPolicy>> {
  return Array.isArray(upstreams) ? {} : (upstreams as Readonly<Record<string, UpstreamPolicy>>);
}

export function namesOf(upstreams: Upstreams): readonly string[] {
  return Array.isArray(upstreams) ? upstreams : Object.keys(upstreams);
}

/** GET `/_holdfast/calls?service=echo-a`: what this process knows and decides about the services it calls. */
export const callsPath = `${internalPrefix}calls`;

export function addCallsRoute(app: FastifyInstance, calls: Calls, requireKey: onRequestHookHandler): void {
  app.get<{ Querystring: { service?: unknown } }>(callsPath, { onRequest: requireKey }, (request) => {
    const { service } = request.query;
    if (service === undefined) return { upstreams: calls.explain() };
    if (typeof service === 'string') return { upstreams: calls.explain(service) };
    throw new HoldfastError('invalid_argument', 'Name one service: ?service=echo-a');
  });
}

/** What befell the instances of other services, as log lines. */
export function logCalls(event: CallsEvent, log: Logger): void {
  switch (event.type) {
    case 'attempt-ended': {
      const { service, instance, attempt, by, passedOver, result, latencyMs } = event;
      const passed = passedOver?.map((each) => `${each.instance} (${each.why})`).join(', ');
      const fields = { of: service, instance, attempt, by, passed_over: passed, result };
      log.debug('attempt', { ...fields, latency_ms: Math.round(latencyMs) });
      return;
    }
    case 'ejected': {
      const { service, instance, why, forMs } = event;
      const error = `${instance} of ${service} is left alone for ${(forMs / 1_000).toFixed(1)} s: ${why}.`;
      log.warn({ status: 'ejected', error });
      return;
    }
    case 'probing':
      log.info('probing', { of: event.service, instance: event.instance });
      return;
    case 'restored':
      log.info('restored', { of: event.service, instance: event.instance, why: event.why });
      return;
    default:
  }
}
