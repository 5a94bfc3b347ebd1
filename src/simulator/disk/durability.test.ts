import { describe, expect, it } from 'vitest';
import type { DiskFile, DiskLock, DiskOutcome } from '../../host/index.ts';
import { type Stage, stage } from './testing/stage.ts';

const open = ({ host, ok }: Stage, path: string): DiskFile =>
  ok<DiskFile>((done) => host.disk.open(path, { create: true }, done));

function write(at: Stage, path: string, bytes: Uint8Array, sync: 'nothing' | 'file' | 'both'): void {
  const file = open(at, path);
  at.ok<void>((done) => file.write(0, bytes, done));
  if (sync !== 'nothing') at.ok<void>((done) => file.sync(done));
  if (sync === 'both') at.ok<void>((done) => at.host.disk.syncDirectory('/', done));
}

/** The bytes of a file; undefined when it is not there. */
function read(at: Stage, path: string): Uint8Array | undefined {
  const opened = at.do<DiskFile>((done) => at.host.disk.open(path, { create: false }, done));
  return opened.ok ? at.ok<Uint8Array>((done) => opened.value.read(0, 1e6, done)) : undefined;
}

function powerCycle({ host }: Stage): void {
  host.crash('power');
  host.restart();
}

/** What a file looks like after a run, over many seeds. */
function outcomes(play: (at: Stage) => string): Map<string, number> {
  const seen = new Map<string, number>();
  for (let seed = 1; seed <= 200; seed++) {
    const outcome = play(stage(seed));
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
  }
  return seen;
}

const letters = (letter: string, count: number): Uint8Array =>
  new Uint8Array(count).fill(letter.charCodeAt(0));

/** `aaa0bb` for runs of equal bytes. */
function runs(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return 'missing';
  let text = '';
  for (const byte of bytes) {
    const character = byte === 0 ? '0' : String.fromCharCode(byte);
    if (text.at(-1) !== character) text += character;
  }
  return text === '' ? 'empty' : text;
}

describe('a power cut', () => {
  it('keeps what was synced, name and bytes', () => {
    const seen = outcomes((at) => {
      write(at, '/file', letters('a', 5000), 'both');
      powerCycle(at);
      return `${runs(read(at, '/file'))} ${read(at, '/file')?.byteLength}`;
    });
    expect([...seen.keys()]).toEqual(['a 5000']);
  });

  it('may lose a name that was not synced, whatever is in the file', () => {
    const seen = outcomes((at) => {
      write(at, '/file', letters('a', 100), 'file');
      powerCycle(at);
      return runs(read(at, '/file'));
    });
    expect([...seen.keys()].sort()).toEqual(['a', 'missing']);
  });

  it('keeps all, none or torn parts of what was not synced', () => {
    const seen = outcomes((at) => {
      write(at, '/file', letters('a', 4096), 'both');
      const file = open(at, '/file');
      at.ok<void>((done) => file.write(0, letters('b', 4096), done));
      powerCycle(at);
      return runs(read(at, '/file'));
    });
    expect(seen.get('a')).toBeGreaterThan(20);
    expect(seen.get('b')).toBeGreaterThan(20);
    expect([...seen.keys()].filter((each) => each.length > 1).length).toBeGreaterThan(5);
  });

  it('tears within a sector now and then', () => {
    const seen = outcomes((at) => {
      write(at, '/file', letters('a', 512), 'both');
      const file = open(at, '/file');
      at.ok<void>((done) => file.write(0, letters('b', 512), done));
      powerCycle(at);
      return runs(read(at, '/file'));
    });
    expect([...seen.keys()].sort()).toEqual(['a', 'b', 'ba']);
    expect(seen.get('ba')).toBeLessThan(30);
  });

  it('keeps a later write and loses an earlier one, at times', () => {
    const seen = outcomes((at) => {
      write(at, '/file', letters('-', 2), 'both');
      const file = open(at, '/file');
      at.ok<void>((done) => file.write(0, letters('a', 1), done));
      at.ok<void>((done) => file.write(1, letters('b', 1), done));
      powerCycle(at);
      return runs(read(at, '/file'));
    });
    expect([...seen.keys()].sort()).toEqual(['-', '-b', 'a-', 'ab']);
  });

  it('leaves zeros where a length arrived and its bytes did not', () => {
    const seen = outcomes((at) => {
      write(at, '/file', letters('a', 100), 'both');
      const file = open(at, '/file');
      at.ok<void>((done) => file.write(100, letters('b', 5000), done));
      powerCycle(at);
      return runs(read(at, '/file'));
    });
    expect([...seen.keys()].some((each) => each.includes('0'))).toBe(true);
    expect([...seen.keys()].every((each) => each.startsWith('a'))).toBe(true);
  });

  it('makes durable only what had completed before the sync began', () => {
    const seen = outcomes((at) => {
      write(at, '/file', letters('-', 2), 'both');
      const file = open(at, '/file');
      at.ok<void>((done) => file.write(0, letters('a', 1), done));
      let synced = false;
      file.sync(() => {
        synced = true;
      });
      file.write(1, letters('b', 1), () => {});
      at.simulation.runUntil(() => synced, 1000);
      powerCycle(at);
      return runs(read(at, '/file'));
    });
    expect([...seen.keys()].sort()).toEqual(['a-', 'ab']);
  });

  it('lets an operation that was under way take effect, or not', () => {
    const seen = outcomes((at) => {
      write(at, '/file', letters('-', 1), 'both');
      const file = open(at, '/file');
      file.write(0, letters('a', 1), () => expect.unreachable());
      powerCycle(at);
      return runs(read(at, '/file'));
    });
    expect([...seen.keys()].sort()).toEqual(['-', 'a']);
  });
});

describe('a write that goes through', () => {
  const openThrough = ({ host, ok }: Stage, path: string): DiskFile =>
    ok<DiskFile>((done) => host.disk.open(path, { create: true, writeThrough: true }, done));

  it('is kept once it has completed, and whole', () => {
    const seen = outcomes((at) => {
      write(at, '/file', letters('a', 5000), 'both');
      const file = openThrough(at, '/file');
      at.ok<void>((done) => file.write(4000, letters('b', 5000), done));
      powerCycle(at);
      return `${runs(read(at, '/file'))} ${read(at, '/file')?.byteLength}`;
    });
    expect([...seen.keys()]).toEqual(['ab 9000']);
  });

  it('makes nothing durable but itself', () => {
    const seen = outcomes((at) => {
      write(at, '/file', letters('-', 4), 'both');
      const file = open(at, '/file');
      at.ok<void>((done) => file.write(0, letters('a', 2), done));
      at.ok<void>((done) => openThrough(at, '/file').write(1, letters('b', 2), done));
      at.ok<void>((done) => file.write(3, letters('c', 1), done));
      powerCycle(at);
      return runs(read(at, '/file'));
    });
    expect([...seen.keys()].sort()).toEqual(['-b-', '-bc', 'ab-', 'abc']);
  });

  it('shows what failed to go through, and loses it in the end', () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 300; seed++) {
      const at = stage(seed, { writeFailureChance: 0.3 });
      const opened = at.do<DiskFile>((done) =>
        at.host.disk.open('/file', { create: true, writeThrough: true }, done),
      );
      const named = at.do<void>((done) => at.host.disk.syncDirectory('/', done));
      if (!opened.ok || !named.ok) continue;
      const written = at.do<void>((done) => opened.value.write(0, letters('a', 600), done));
      if (written.ok || runs(read(at, '/file')) !== 'a') continue;
      at.ok<void>((done) => opened.value.sync(done));
      powerCycle(at);
      seen.add(runs(read(at, '/file')));
    }
    expect(seen).toContain('empty');
    expect(seen).toContain('a');
  });

  it('fails alone: what else was written is made durable by the next sync', () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 300; seed++) {
      const at = stage(seed, { writeFailureChance: 0.3 });
      const opened = [false, true].map((writeThrough) =>
        at.do<DiskFile>((done) => at.host.disk.open('/file', { create: true, writeThrough }, done)),
      );
      const [plain, through] = opened.flatMap((each) => (each.ok ? [each.value] : []));
      const named = at.do<void>((done) => at.host.disk.syncDirectory('/', done));
      if (plain === undefined || through === undefined || !named.ok) continue;
      if (!at.do<void>((done) => plain.write(0, letters('a', 4), done)).ok) continue;
      if (at.do<void>((done) => through.write(1, letters('b', 2), done)).ok) continue;
      at.ok<void>((done) => plain.sync(done));
      powerCycle(at);
      seen.add(runs(read(at, '/file')));
    }
    expect([...seen].sort()).toEqual(['a', 'aba']);
  });

  it('is torn as any other while it is under way', () => {
    const seen = outcomes((at) => {
      write(at, '/file', letters('a', 4096), 'both');
      openThrough(at, '/file').write(0, letters('b', 4096), () => expect.unreachable());
      powerCycle(at);
      return runs(read(at, '/file'));
    });
    expect(seen.get('a')).toBeGreaterThan(20);
    expect([...seen.keys()].filter((each) => each.length > 1).length).toBeGreaterThan(5);
  });
});

describe('a lock', () => {
  it('ends with its process, whichever way', () => {
    for (const kind of ['process', 'power'] as const) {
      const at = stage(1);
      const lock = (): DiskOutcome<DiskLock> => at.do<DiskLock>((done) => at.host.disk.lock('/lock', done));
      expect(lock().ok).toBe(true);
      expect(lock()).toMatchObject({ failure: { kind: 'in-use' } });
      at.host.crash(kind);
      at.host.restart();
      expect(lock().ok).toBe(true);
    }
  });

  it('is let go even when the disk fails meanwhile', () => {
    let failed = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const at = stage(seed, { readFailureChance: 0.5 });
      const lock = (): DiskOutcome<DiskLock> => at.do<DiskLock>((done) => at.host.disk.lock('/lock', done));
      let first = lock();
      while (!first.ok) first = lock();
      const { value } = first;
      if (!at.do<void>((done) => value.release(done)).ok) failed++;
      for (let again = lock(); !again.ok; again = lock())
        expect(again.failure.kind, `seed ${seed}`).toBe('io');
    }
    expect(failed).toBeGreaterThan(0);
  });

  it('is not let go while its process has something under way', () => {
    const seen = outcomes((at) => {
      write(at, '/file', letters('-', 1), 'both');
      const file = open(at, '/file');
      at.ok<DiskLock>((done) => at.host.disk.lock('/lock', done));
      file.write(0, letters('a', 1), () => expect.unreachable());
      at.host.crash('process');
      at.host.restart();
      at.ok<DiskLock>((done) => at.host.disk.lock('/lock', done));
      return runs(read(at, '/file'));
    });
    expect([...seen.keys()]).toEqual(['a']);
  });
});

describe('a rename', () => {
  it('leaves the old file or the new one after a power cut', () => {
    const seen = outcomes((at) => {
      write(at, '/current', letters('a', 1000), 'both');
      write(at, '/new', letters('b', 2000), 'both');
      at.ok<void>((done) => at.host.disk.rename('/new', '/current', done));
      powerCycle(at);
      return `${runs(read(at, '/current'))} ${runs(read(at, '/new'))}`;
    });
    expect([...seen.keys()].sort()).toEqual(['a b', 'b missing']);
  });

  it('is durable once the folder is synced', () => {
    const seen = outcomes((at) => {
      write(at, '/current', letters('a', 1000), 'both');
      write(at, '/new', letters('b', 2000), 'both');
      at.ok<void>((done) => at.host.disk.rename('/new', '/current', done));
      at.ok<void>((done) => at.host.disk.syncDirectory('/', done));
      powerCycle(at);
      return `${runs(read(at, '/current'))} ${runs(read(at, '/new'))}`;
    });
    expect([...seen.keys()]).toEqual(['b missing']);
  });

  it('may put a file in place whose bytes were never synced', () => {
    const seen = outcomes((at) => {
      write(at, '/current', letters('a', 1000), 'both');
      write(at, '/new', letters('b', 2000), 'nothing');
      at.ok<void>((done) => at.host.disk.rename('/new', '/current', done));
      at.ok<void>((done) => at.host.disk.syncDirectory('/', done));
      powerCycle(at);
      return runs(read(at, '/current'));
    });
    expect(seen.get('empty')).toBeGreaterThan(20);
    expect([...seen.keys()].some((each) => each.includes('a'))).toBe(false);
  });

  it('between two folders never loses the file', () => {
    const seen = outcomes((at) => {
      const { disk } = at.host;
      for (const folder of ['/left', '/right']) at.ok<void>((done) => disk.makeDirectory(folder, done));
      write(at, '/left/file', letters('a', 10), 'both');
      for (const folder of ['/', '/left']) at.ok<void>((done) => disk.syncDirectory(folder, done));
      at.ok<void>((done) => disk.rename('/left/file', '/right/file', done));
      at.ok<void>((done) => disk.syncDirectory('/right', done));
      powerCycle(at);
      return `${runs(read(at, '/left/file'))} ${runs(read(at, '/right/file'))}`;
    });
    expect([...seen.keys()].sort()).toEqual(['a a', 'missing a']);
  });
});

describe('the end of a process alone', () => {
  it('loses nothing written', () => {
    const seen = outcomes((at) => {
      write(at, '/file', letters('a', 5000), 'nothing');
      at.host.crash('process');
      at.host.restart();
      return runs(read(at, '/file'));
    });
    expect([...seen.keys()]).toEqual(['a']);
  });

  it('lets the system finish what was under way', () => {
    const at = stage(1);
    const file = open(at, '/file');
    file.write(0, letters('a', 10), () => expect.unreachable());
    at.host.crash('process');
    at.simulation.runFor(100);
    at.host.restart();
    expect(runs(read(at, '/file'))).toBe('a');
  });
});

describe('disk faults', () => {
  it('fill the disk: no growth, no new names; overwriting and reading go on', () => {
    const at = stage(1);
    write(at, '/file', letters('a', 100), 'both');
    const file = open(at, '/file');
    at.host.setDiskFull(true);
    expect(at.do<void>((done) => file.write(50, letters('b', 100), done))).toMatchObject({
      failure: { kind: 'full' },
    });
    expect(at.do((done) => at.host.disk.open('/new', { create: true }, done))).toMatchObject({
      failure: { kind: 'full' },
    });
    expect(read(at, '/file')?.byteLength).toBe(100);
    at.ok<void>((done) => file.write(0, letters('c', 10), done));
    at.ok<void>((done) => file.sync(done));
    at.host.setDiskFull(false);
    at.ok<void>((done) => file.write(50, letters('b', 100), done));
    expect(runs(read(at, '/file'))).toBe('cab');
  });

  it('obey the faults that a drill injects', () => {
    const at = stage(1);
    write(at, '/file', letters('a', 100), 'both');
    at.host.faults.inject({ kind: 'disk', full: true, delayMs: 40 });
    const startMs = at.simulation.nowMs;
    expect(at.do<void>((done) => at.host.disk.makeDirectory('/new', done))).toMatchObject({
      failure: { kind: 'full' },
    });
    expect(at.simulation.nowMs - startMs).toBeGreaterThan(40);
  });

  it('fail operations; a failed write has written some of it', () => {
    const lengths = new Set<number>();
    let failures = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const at = stage(seed, { writeFailureChance: 0.3, readFailureChance: 0 });
      const opened = at.do<DiskFile>((done) => at.host.disk.open('/file', { create: true }, done));
      if (!opened.ok) continue;
      const outcome = at.do<void>((done) => opened.value.write(0, letters('a', 1000), done));
      const size = at.ok<number>((done) => opened.value.size(done));
      if (outcome.ok) expect(size).toBe(1000);
      else {
        expect(outcome.failure.kind).toBe('io');
        lengths.add(size);
        failures++;
      }
    }
    expect(failures).toBeGreaterThan(10);
    expect(lengths.size).toBeGreaterThan(5);
  });

  it('fail a sync for good: a later success does not bring back what was dropped', () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 300; seed++) {
      const at = stage(seed, { syncFailureChance: 0.3 });
      const file = open(at, '/file');
      const named = at.do<void>((done) => at.host.disk.syncDirectory('/', done));
      at.ok<void>((done) => file.write(0, letters('a', 2000), done));
      const first = at.do<void>((done) => file.sync(done));
      const second = at.do<void>((done) => file.sync(done));
      if (!named.ok || first.ok || !second.ok) continue;
      // Readers see it until the power is cut.
      expect(runs(read(at, '/file'))).toBe('a');
      powerCycle(at);
      seen.add(runs(read(at, '/file')));
    }
    expect(seen).toContain('empty');
    expect(seen).toContain('a');
  });

  it('rot a sector for good', () => {
    const at = stage(1);
    expect(at.host.corruptDisk()).toBe(false);
    write(at, '/file', letters('a', 3000), 'both');
    expect(at.host.corruptDisk()).toBe(true);
    const damaged = read(at, '/file') ?? new Uint8Array(0);
    const wrong = [...damaged.keys()].filter((index) => damaged[index] !== 97);
    expect(damaged.byteLength).toBe(3000);
    expect(wrong.length).toBeGreaterThan(0);
    expect(Math.floor((wrong.at(0) ?? 0) / 512)).toBe(Math.floor((wrong.at(-1) ?? 1e9) / 512));
    powerCycle(at);
    expect(read(at, '/file')).toEqual(damaged);
  });

  it('wipe a disk, and put back an earlier copy of it', () => {
    const at = stage(1);
    write(at, '/file', letters('a', 100), 'both');
    const image = at.host.diskImage();
    write(at, '/file', letters('b', 100), 'both');
    write(at, '/unsynced', letters('c', 100), 'nothing');
    expect(() => at.host.replaceDisk()).toThrow('off');
    at.host.crash('power');
    at.host.replaceDisk();
    at.host.restart();
    expect(at.ok<readonly string[]>((done) => at.host.disk.list('/', done))).toEqual([]);
    for (let round = 0; round < 2; round++) {
      at.host.crash('power');
      at.host.replaceDisk(image);
      at.host.restart();
      expect(runs(read(at, '/file'))).toBe('a');
      write(at, '/file', letters('z', 100), 'both');
    }
  });
});
