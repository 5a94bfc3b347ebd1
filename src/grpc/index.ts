export { GrpcConnection } from './client.ts';
export type { CallSink, ClientCall } from './client-call.ts';
export { Health } from './gen/health_pb.js';
export { ServerReflection } from './gen/reflection_v1_pb.js';
export { HealthSwitch, healthService } from './health.ts';
export { reflectionServices } from './reflection.ts';
export { GrpcServer, type GrpcServerOptions, serverOptions } from './server.ts';
export type { GrpcEvent } from './server-call.ts';
export {
  type GrpcCall,
  type GrpcHandler,
  type GrpcHandlers,
  type GrpcService,
  grpcService,
} from './service.ts';
export {
  contentType,
  errorOf,
  FrameReader,
  formatTimeout,
  frameOf,
  parseTimeout,
  type Status,
} from './wire.ts';
