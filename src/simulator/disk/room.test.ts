import { describe, expect, it } from 'vitest';
import type { Disk, DiskFile } from '../../host/index.ts';
import type { DiskProfile } from '../index.ts';
import { type Stage, stage as stageOf } from './testing/stage.ts';

const blockBytes = 4096;

interface FileStage extends Stage {
  readonly disk: Disk;
  readonly file: DiskFile;
  full(full: boolean): void;
  /** How a write of so many bytes ends. */
  write(position: number, length: number): string;
}

function stage(disk: Partial<DiskProfile> = {}, seed = 1): FileStage {
  const at = stageOf(seed, disk);
  const { host } = at;
  const file = at.ok<DiskFile>((done) => host.disk.open('/file', { create: true }, done));
  return {
    ...at,
    disk: host.disk,
    file,
    full: (full) => host.setDiskFull(full),
    write: (position, length) => {
      const outcome = at.do<void>((done) => file.write(position, new Uint8Array(length).fill(7), done));
      return outcome.ok ? 'ok' : outcome.failure.kind;
    },
  };
}

describe('a disk of some blocks', () => {
  it('is full when they are used up, and takes as much as fits', () => {
    const at = stage({ roomBytes: 3 * blockBytes });
    expect(at.write(0, 2 * blockBytes)).toBe('ok');
    expect(at.write(2 * blockBytes, blockBytes + 1)).toBe('full');
    expect(at.do<number>((done) => at.file.size(done))).toEqual({ ok: true, value: 3 * blockBytes });
    expect(at.write(0, 3 * blockBytes)).toBe('ok');
    at.do<void>((done) => at.file.truncate(blockBytes, done));
    expect(at.write(9 * blockBytes, 2 * blockBytes)).toBe('ok');
    expect(at.write(5 * blockBytes, 1)).toBe('full');
  });

  it('has the room of a file back when it is removed and nobody has it open', () => {
    const at = stage({ roomBytes: 3 * blockBytes });
    at.write(0, 2 * blockBytes);
    at.do<void>((done) => at.disk.remove('/file', done));
    const opened = at.do<DiskFile>((done) => at.disk.open('/other', { create: true }, done));
    if (!opened.ok) throw new Error(opened.failure.message);
    const write = (): boolean =>
      at.do<void>((done) => opened.value.write(0, new Uint8Array(2 * blockBytes), done)).ok;
    expect(write()).toBe(false);
    at.do<void>((done) => at.file.close(done));
    expect(write()).toBe(true);
  });
});

describe('a full disk', () => {
  it('takes what is written over, and nothing behind the end', () => {
    const at = stage();
    at.write(0, 2 * blockBytes + 100);
    at.full(true);
    expect(at.write(0, 2 * blockBytes + 100)).toBe('ok');
    expect(at.write(blockBytes - 1, 2)).toBe('ok');
    expect(at.write(2 * blockBytes + 99, 2)).toBe('full');
    expect(at.write(2 * blockBytes + 100, 1)).toBe('full');
    expect(at.write(9 * blockBytes, 0)).toBe('ok');
    at.full(false);
    expect(at.write(2 * blockBytes + 99, 2)).toBe('ok');
  });

  it('has no room for the zeros that a file was extended by, or that fill a gap', () => {
    const at = stage();
    at.write(0, 10);
    at.do<void>((done) => at.file.truncate(3 * blockBytes, done));
    at.write(4 * blockBytes, 10);
    at.full(true);
    expect(at.write(0, blockBytes)).toBe('ok');
    expect(at.write(blockBytes - 1, 2)).toBe('full');
    expect(at.write(2 * blockBytes, 1)).toBe('full');
    expect(at.write(3 * blockBytes, 1)).toBe('full');
    expect(at.write(4 * blockBytes, 10)).toBe('ok');
  });

  it('takes back the room of what is cut off', () => {
    const at = stage();
    at.write(0, 2 * blockBytes);
    at.full(true);
    for (const length of [blockBytes, 2 * blockBytes]) {
      at.do<void>((done) => at.file.truncate(length, done));
    }
    expect(at.write(blockBytes, 1)).toBe('full');
    expect(at.write(0, blockBytes)).toBe('ok');
  });

  it('has written of what it refuses what there was room for, at most', () => {
    const lengths = new Set<number>();
    for (let seed = 1; seed <= 50; seed++) {
      const at = stage({}, seed);
      at.write(0, 100);
      at.full(true);
      expect(at.do<void>((done) => at.file.write(50, new Uint8Array(100), done)).ok).toBe(false);
      const read = at.do<Uint8Array>((done) => at.file.read(0, 1000, done));
      const bytes = read.ok ? read.value : [];
      expect(bytes.length).toBe(100);
      expect(bytes.slice(0, 50).every((byte) => byte === 7)).toBe(true);
      lengths.add(bytes.filter((byte) => byte === 0).length);
    }
    expect(lengths.size).toBeGreaterThan(5);
  });

  it('takes nothing at all where what is written over is copied', () => {
    const at = stage({ copiesOnWrite: true });
    at.write(0, 100);
    at.full(true);
    expect(at.write(0, 1)).toBe('full');
    expect(at.do<void>((done) => at.file.sync(done)).ok).toBe(true);
    at.full(false);
    expect(at.write(0, 1)).toBe('ok');
  });
});
