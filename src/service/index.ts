export type { Addresses } from './announce.ts';
export { defineService, type ServiceContext, type ServiceDefinition } from './define.ts';
export { parseEnvironment, type ServiceEnvironment, type Variables } from './environment.ts';
export { type ErrorAnswer, type ErrorBody, refusal } from './errors.ts';
export type { ServiceLimits } from './limits.ts';
export { type RunOptions, runService } from './run.ts';
export { type RunningService, type StartOptions, startService } from './start.ts';
export { exitOnBadUsage } from './usage.ts';
