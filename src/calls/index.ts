export type { Calls, CallsOptions, RequestOptions } from './caller.ts';
export { createCalls } from './calls.ts';
export {
  CallContext,
  contextFromHeaders,
  currentContext,
  type IncomingHeaders,
  runInContext,
  timeoutHeader,
} from './context.ts';
export type { Balance } from './core/balance.ts';
export type { Outcome } from './core/events.ts';
export {
  type Discovery,
  type DiscoveryView,
  fixedDiscovery,
  type Instance,
  type InstanceState,
  instanceAt,
} from './discovery.ts';
export { Exchange } from './driver/exchange.ts';
export { type CallOptions, UpstreamDriver, type UpstreamOptions } from './driver/upstream.ts';
export type { CallsEvent } from './events.ts';
export { Answer, type AnswerHeaders } from './http/answer.ts';
export {
  childOf,
  formatTraceparent,
  newTrace,
  parseTraceparent,
  type TraceContext,
} from './trace.ts';
