export { epochMs } from './clock.ts';
export type { DiskImage } from './disk/medium.ts';
export type { CrashKind, DiskDamage, Program, SimulatedHost } from './host.ts';
export { limits as simulatorLimits } from './limits.ts';
export type { Partition } from './links.ts';
export {
  type ClockProfile,
  calm,
  calmSchedule,
  type DiskProfile,
  type FaultProfile,
  type FaultSchedule,
  type NetworkProfile,
} from './profile.ts';
export {
  describeFailure,
  type RunFailure,
  type RunFigures,
  type RunOptions,
  type RunResult,
  replayCommand,
  runScenario,
  runSeeds,
  type SeedsOptions,
  type SeedsResult,
} from './run.ts';
export type { Scenario, Subject } from './scenario.ts';
export { createSimulation, Simulation, type SimulationOptions } from './simulation.ts';
export { type FaultKind, faultKinds, type SwarmOptions, swarm } from './swarm.ts';
export { TraceHash } from './trace.ts';
