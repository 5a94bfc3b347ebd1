import type { DiskFailure } from '../host/index.ts';
import type { Damage } from './damage.ts';

/** What a journal reports to its observer. */
export type JournalEvent =
  /** One write, with what waited for it. */
  | {
      readonly type: 'committed';
      readonly records: number;
      readonly bytes: number;
      readonly durationMs: number;
    }
  /** The next segment is at hand: what was refused for want of it can be taken. */
  | { readonly type: 'segment-made' }
  /** A segment is begun. */
  | { readonly type: 'segment'; readonly number: number; readonly bytes: number }
  | {
      readonly type: 'snapshot';
      readonly position: number;
      readonly bytes: number;
      readonly durationMs: number;
    }
  /** It was given up; the journal goes on as before. */
  | { readonly type: 'snapshot-failed'; readonly position: number; readonly failure: DiskFailure }
  | { readonly type: 'damage'; readonly damage: Damage }
  /** There is no room, or no descriptor, for what is needed next. Tried again until there is: `room`. */
  | { readonly type: 'full' }
  | { readonly type: 'room' }
  | { readonly type: 'fatal'; readonly failure: DiskFailure };

/** Whether an append that was refused is worth trying again after this. */
export function makesRoom({ type }: JournalEvent): boolean {
  return type === 'committed' || type === 'segment-made' || type === 'room';
}
