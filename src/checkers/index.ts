export {
  CausalHistory,
  type CausalOperation,
  type CausalSession,
  type CausalVerdict,
  type CausalViolation,
  checkCausal,
  type FinalState,
  type Mark,
  type Outcome,
  type ViolationKind,
} from './causal/index.ts';
export {
  type AppliedRecord,
  type ReplicaState,
  ReplicasChecker,
  type Tombstone,
} from './replicas/checker.ts';
