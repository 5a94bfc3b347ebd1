export {
  type Announcement,
  type AnnounceOptions,
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
} from './client/client.ts';
export { type SseBlock, SseParser } from './client/sse-parser.ts';
export type { PutCall, RegistryTransport, RemoveCall, WatchListener } from './client/transport.ts';
export { AnnouncerCore } from './core/announcer.ts';
export type { AnnounceAnswer, AnnouncerEffect, AnnouncerEvent } from './core/announcer-events.ts';
export { LeasesCore } from './core/leases.ts';
export type {
  Held,
  LeasesEffect,
  LeasesEvent,
  LeasesReport,
  PutDecision,
  RemoveDecision,
} from './core/leases-events.ts';
export { ProbingCore } from './core/probing.ts';
export type {
  ProbeOutcome,
  ProbesHeld,
  ProbingEffect,
  ProbingEvent,
  ProbingReport,
} from './core/probing-events.ts';
export { Sequence } from './core/sequence.ts';
export { ViewCore } from './core/view.ts';
export type { ViewEffect, ViewEvent } from './core/view-events.ts';
export { EmbeddedStore } from './driver/embedded-store.ts';
export { type RedisAddress, redisAddress } from './driver/redis/address.ts';
export { type RedisScript, redisScript, type ScriptOutcome } from './driver/redis/script.ts';
export { RedisStore, type RedisStoreOptions } from './driver/redis-store.ts';
export type { AnnouncerReport, RegistryEvent, ViewReport } from './events.ts';
export { mayReplace, newIncarnation } from './incarnation.ts';
export { type Registered, sameInstance, sameInstances } from './instance.ts';
export { limits } from './limits.ts';
export type {
  Listing,
  ListOutcome,
  PutOutcome,
  PutRequest,
  RegistryStore,
  RemoveOutcome,
  RemoveRequest,
  StoreEvent,
  StoreOptions,
  Unavailable,
  WatchRequest,
} from './store.ts';
export type { Change, Position, WatchFrame } from './watch-frame.ts';
export {
  decodeFrame,
  encodeFrame,
  explain,
  formatPosition,
  incarnation,
  instanceId,
  parsePosition,
  paths,
  putBody,
  serviceName,
} from './wire.ts';
