import { describe, it } from 'vitest';
import type { Disk } from '../disk.ts';
import type { Faults } from '../faults.ts';
import * as bytes from './disk-bytes.ts';
import * as locks from './disk-locks.ts';
import * as names from './disk-names.ts';
import * as room from './disk-room.ts';
import { type MakeStage, on, type Stage } from './stage.ts';

export interface DiskStage extends Stage {
  readonly disk: Disk;
  /** An empty folder. */
  readonly folder: string;
  /** Those of the disk's host, to be injected. */
  readonly faults: Faults;
}

/** What every Disk does as long as nothing crashes. */
export function diskAcceptance(name: string, make: MakeStage<DiskStage>): void {
  describe(`Disk: ${name}`, () => {
    describe('names', () => {
      it('makes folders with those above them', on(make, names.makesFolders));
      it('makes no folder where a file is', on(make, names.makesNoFolderOverFile));
      it('lists names', on(make, names.lists));
      it('opens only what is there, and makes what is asked for', on(make, names.opens));
      it('opens no folder as a file', on(make, names.opensNoFolder));
      it('renames over an old file at once', on(make, names.renames));
      it('renames between folders and whole folders', on(make, names.renamesBetweenFolders));
      it('refuses renames that make no sense', on(make, names.refusesRenames));
      it('removes files and empty folders', on(make, names.removes));
      it('keeps a removed file usable while it is open', on(make, names.keepsRemovedOpen));
      it('syncs a folder', on(make, names.syncsFolder));
    });
    describe('bytes', () => {
      it('reads what was written, and less only at the end', on(make, bytes.readsBack));
      it('fills gaps with zeros', on(make, bytes.fillsGaps));
      it('truncates both ways', on(make, bytes.truncates));
      it('opens an existing file with its bytes', on(make, bytes.keepsBytes));
      it('shows one file through two handles', on(make, bytes.twoHandles));
      it('writes and reads nothing', on(make, bytes.nothing));
      it('writes megabytes', on(make, bytes.megabytes));
      it('works off many operations at once', on(make, bytes.manyAtOnce));
      it('syncs', on(make, bytes.syncs));
      it('writes through', on(make, bytes.writesThrough));
      it('does nothing once closed', on(make, bytes.closed));
      it('closes behind what is under way', on(make, bytes.closesBehind));
    });
    describe('room', () => {
      it('fails what needs some while a fault says there is none', on(make, room.needsRoom));
      it('keeps all else when a write fails', on(make, room.failsAlone));
    });
    describe('locks', () => {
      it('has one holder at a time', on(make, locks.excludes));
      it('are one for each file', on(make, locks.separate));
      it('need a folder', on(make, locks.needFolder));
    });
  });
}
