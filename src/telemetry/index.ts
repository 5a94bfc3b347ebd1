export type { LogFields, LogLevel } from './fields.ts';
export { createLogger, type LogFormat, type Logger, type LoggerOptions } from './log.ts';
