export type { CallPreferences, Calls, CallsOptions, RequestOptions, TransportOptions } from './caller.ts';
export { createCalls } from './calls.ts';
export {
  attemptHeader,
  CallContext,
  contextFromHeaders,
  currentContext,
  type IncomingHeaders,
  previousAttemptsHeader,
  readAttempt,
  runInContext,
  timeoutHeader,
} from './context.ts';
export type { ChosenBy, PassedOver, Sending } from './core/attempt.ts';
export type { Balance } from './core/balance/balancer.ts';
export { Call, type CallTerms } from './core/call.ts';
export type { Outcome, UpstreamEffect, UpstreamEvent, UpstreamReport, Verdict } from './core/events.ts';
export type { ChoiceState, EndpointState, UpstreamState } from './core/explain.ts';
export { UpstreamCore } from './core/upstream.ts';
export {
  type Discovery,
  type DiscoveryView,
  fixedDiscovery,
  type Instance,
  type InstanceState,
  instanceAt,
} from './discovery.ts';
export { Exchange, type Target } from './driver/exchange.ts';
export { type CallOptions, UpstreamDriver, type UpstreamOptions } from './driver/upstream.ts';
export type { AttemptResult, CallsEvent, Detail } from './events.ts';
export type { FetchInit } from './fetch.ts';
export { Answer, type AnswerHeaders } from './http/answer.ts';
export { endToEndHeaders } from './http/end-to-end.ts';
export { limits } from './limits.ts';
export type { UpstreamPolicy } from './policy.ts';
export {
  childOf,
  formatTraceparent,
  newTrace,
  parseTraceparent,
  type TraceContext,
} from './trace.ts';
