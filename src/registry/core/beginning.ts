import type { Registered } from '../instance.ts';
import { limits } from '../limits.ts';
import type { Change, Position, WatchFrame } from '../watch-frame.ts';
import type { History } from './history.ts';

/** What is known at a position, and how it came about. */
export interface Known {
  readonly position: Position;
  readonly warming: boolean;
  readonly history: History;
}

/** The changes of a service, or of all, after `from`; undefined when that position is not known. */
export function missedSince(
  { position, history }: Known,
  service: string | undefined,
  from: Position | undefined,
): readonly Change[] | undefined {
  if (from?.epoch !== position.epoch) return undefined;
  const missed = history.after(from.revision, position.revision);
  return missed?.filter((change) => service === undefined || change.service === service);
}

/** What a watcher that has seen everything up to `from` is sent first: what it missed, or all there is. */
export function beginning(
  known: Known,
  instances: readonly Registered[],
  service: string | undefined,
  from: Position | undefined,
): readonly WatchFrame[] {
  const { position, warming } = known;
  const missed = missedSince(known, service, from);
  if (missed === undefined || missed.length > Math.max(limits.replayMax, instances.length)) {
    return [{ type: 'snapshot', position, warming, instances }];
  }
  const frames = missed.map((change) => changeFrame(position.epoch, change));
  return [...frames, warming ? { type: 'alive', position } : { type: 'settled', position }];
}

export function changeFrame(epoch: string, change: Change): WatchFrame {
  return { type: 'change', position: { epoch, revision: change.revision }, change };
}
