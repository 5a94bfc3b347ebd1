export type { Clock, Timer } from './clock.ts';
export type { Disk, DiskFailure, DiskFile, DiskLock, DiskOutcome, Done, OpenOptions } from './disk.ts';
export { type Disturbance, type Fault, Faults } from './faults.ts';
export type { Host } from './host.ts';
export { Lane } from './lane.ts';
export { limits as hostLimits } from './limits.ts';
export type {
  Accept,
  Address,
  Connection,
  ConnectionHandlers,
  Listener,
  ListenOutcome,
  Network,
  NetworkFailure,
} from './network.ts';
export type { Random } from './random.ts';
