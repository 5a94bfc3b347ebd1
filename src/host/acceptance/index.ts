export { type ClockStage, clockAcceptance } from './clock.ts';
export { type DiskStage, diskAcceptance } from './disk.ts';
export { type NetworkStage, networkAcceptance } from './network.ts';
export { randomAcceptance } from './random.ts';
export { seedOf } from './seed.ts';
export { type MakeStage, type Stage, untilReal } from './stage.ts';
