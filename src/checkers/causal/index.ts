export { type CausalVerdict, type CausalViolation, checkCausal } from './check.ts';
export { CausalHistory, type CausalOperation } from './history.ts';
export type { ViolationKind } from './kind.ts';
export type { CausalSession, FinalState, Mark, Outcome } from './session.ts';
