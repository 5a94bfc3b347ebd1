export { type Damage, describeDamage } from './damage.ts';
export { type JournalEvent, makesRoom } from './events.ts';
export type { Journal, Refusal, SnapshotOutcome } from './journal.ts';
export { limits as journalLimits } from './limits.ts';
export {
  type JournalOptions,
  type OpenFailure,
  type OpenOutcome,
  openJournal,
  type Recovered,
} from './open.ts';
export type { Replay } from './recovery/recover.ts';
export type { SnapshotSource } from './snapshot-writer.ts';
