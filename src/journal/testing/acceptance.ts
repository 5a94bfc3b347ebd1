import { describe, it } from 'vitest';
import * as appending from './appending.ts';
import * as closing from './closing.ts';
import * as damage from './damage.ts';
import * as room from './room.ts';
import * as snapshots from './snapshots.ts';
import type { JournalStage } from './stage.ts';

export type MakeStage = () => JournalStage;

/** What a journal does on every disk. */
export function journalAcceptance(name: string, make: MakeStage): void {
  const on = (body: (stage: JournalStage) => Promise<void>) => async () => {
    const stage = make();
    try {
      await body(stage);
    } finally {
      stage.close?.();
    }
  };
  describe(`Journal: ${name}`, () => {
    describe('appending', () => {
      it('tells in order, later and once, and replays the same', on(appending.inOrder));
      it('takes bytes as they are at the call', on(appending.copies));
      it('writes together what comes together', on(appending.groups));
      it('takes records of all sizes', on(appending.sizes));
      it('goes through many segments', on(appending.segments));
      it('gives a record larger than a segment one of its own size', on(appending.largeRecord));
      it('refuses what is over the bound of its queue', on(appending.busy));
      it('goes on counting over restarts', on(appending.restarts));
    });
    describe('snapshots', () => {
      it('replace the records before them', on(snapshots.replace));
      it('show what their source handed out while appends went on', on(snapshots.whileAppending));
      it('may be empty, large, and taken twice at one position', on(snapshots.sizes));
      it('are taken one at a time', on(snapshots.oneAtATime));
      it('tell how much would have to be replayed', on(snapshots.bytesSince));
      it('fall back on an older one when the newest is damaged', on(snapshots.fallBack));
      it('fall back on the empty beginning while all records are there', on(snapshots.fallBackToBeginning));
      it('at the very beginning are done without by nothing', on(snapshots.beginning));
      it('do not fall back when records in between are gone', on(snapshots.noFallBack));
      it('are found damaged wherever they are', on(snapshots.damagedAnywhere));
      it('are not done without when there was one', on(snapshots.missing));
      it('leave nothing behind when they were not finished', on(snapshots.temporaries));
    });
    describe('damage', () => {
      it('is said where and what it is', on(damage.isDescribed));
      it('is told apart at the tail and in the middle', on(damage.whereItIs));
      it('is found in every single byte of a record', on(damage.everyByte));
      it('is cut off once and for good, the bytes kept', on(damage.isCutOff));
      it('takes the segments behind it along', on(damage.takesLaterSegments));
      it('is found in headers', on(damage.headers));
      it('is a segment that is missing', on(damage.missingSegment));
      it('is not what stands behind the end of a segment that another follows', on(damage.slack));
      it('keeps the bytes of the last few times', on(damage.keptTimes));
      it('is not what a newer version wrote', on(damage.newer));
      it('before a snapshot in the same segment costs no position', on(damage.beforeSnapshot));
    });
    describe('a full disk', () => {
      it('has appends refused, and taken again when there is room', on(room.refuses));
      it('holds what was accepted, in order', on(room.holds));
      it('ends a snapshot, and nothing else', on(room.endsSnapshot));
    });
    describe('closing', () => {
      it('makes durable what is queued', on(closing.writesQueue));
      it('refuses everything from then on', on(closing.refuses));
      it('gives up a snapshot under way', on(closing.givesUpSnapshot));
      it('lets go of the folder, which nobody else may open before', on(closing.locks));
    });
  });
}
