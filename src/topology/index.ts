export {
  type CommandContext,
  type Config,
  defineConfig,
  defineSystem,
  type GatewayConfig,
  type Route,
  type ServerConfig,
  type Service,
  type ServiceOverride,
  type System,
  type SystemCommand,
} from './config.ts';
export { reservedServices, reservedSystems } from './limits.ts';
export { type LoadedTopology, loadTopology } from './load.ts';
export { didYouMean, nearest } from './nearest.ts';
export { withAddresses } from './placeholders.ts';
export type { Problem } from './problem.ts';
export { checkTopology, type Resolution, type ResolveOptions, resolveTopology } from './resolve.ts';
export type { ProcessSpec, ResolvedSystem, Topology } from './topology.ts';
