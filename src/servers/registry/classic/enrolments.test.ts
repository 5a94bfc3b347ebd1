import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeHost } from '../../../host/node/index.ts';
import { calm, createSimulation, type Simulation } from '../../../simulator/index.ts';
import { Prng } from '../../../std/index.ts';
import { enrolmentsFileName, FileEnrolments } from './file-enrolments.ts';
import { MemoryEnrolments } from './memory-enrolments.ts';
import { enrolment, enrolmentsAcceptance, fillsUp, kept } from './testing/enrolments-acceptance.ts';

const host = nodeHost({ faultsAllowed: true });
const settle = <T>(result: Promise<T>): Promise<T> => result;
const noDamage = () => expect.unreachable('no file is damaged here');

enrolmentsAcceptance('in memory', async () => ({ enrolments: new MemoryEnrolments(), settle }));

enrolmentsAcceptance('in a file', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-enrolments-'));
  const data = join(folder, 'made', 'when', 'needed');
  const reopen = () => FileEnrolments.open(host, data, noDamage);
  const close = () => rmSync(folder, { recursive: true, force: true });
  return { enrolments: await reopen(), reopen, settle, close };
});

/** Lets virtual time run until a result is there. */
function settleIn(simulation: Simulation): <T>(result: Promise<T>) => Promise<T> {
  return async (result) => {
    let ended = false;
    const end = (): void => {
      ended = true;
    };
    result.then(end, end);
    for (let round = 0; round < 100_000; round++) {
      // What awaits a completion goes on between two milliseconds.
      await new Promise(setImmediate);
      if (ended) return result;
      simulation.runFor(1);
    }
    throw new Error('Ran 100 s of virtual time in vain.');
  };
}

enrolmentsAcceptance('in a file of a simulated disk', async () => {
  const simulation = createSimulation({ seed: 7 });
  const simulated = simulation.host('registry');
  const run = settleIn(simulation);
  const open = () => FileEnrolments.open(simulated, '/var/data/registry', noDamage);
  const reopen = () => {
    simulated.crash('power');
    simulated.restart();
    return open();
  };
  return { enrolments: await run(open()), reopen, settle: run };
});

describe('enrolments in memory', () => {
  it('have a bound', async () => {
    await fillsUp({ enrolments: new MemoryEnrolments(), settle });
  });
});

describe('enrolments in a file, whose disk fails and whose power is cut', () => {
  const seeds = Array.from({ length: 25 }, (_, index) => index + 1);

  it.each(seeds)('keep what was acknowledged and nothing else (seed %i)', async (seed) => {
    const prng = new Prng(seed);
    const disk = { ...calm.disk, writeFailureChance: 0.05, syncFailureChance: 0.05 };
    const simulation = createSimulation({ seed, profile: { ...calm, disk } });
    const run = settleIn(simulation);
    const simulated = simulation.host('registry');
    const open = () => run(FileEnrolments.open(simulated, '/data', noDamage));
    let enrolments = await open();
    /** What may be there: exactly one state after an acknowledgement, more after a failure that says so. */
    let possible = [new Map<string, string>()];
    let failed = 0;
    for (let step = 0; step < 40; step++) {
      const one = enrolment(1 + prng.below(4), `i${step}`);
      const isPower = prng.chance(0.15);
      if (isPower) {
        simulated.crash('power');
        simulated.restart();
        enrolments = await open();
      }
      simulated.setDiskFull(prng.chance(0.2));
      const before = new Map(
        (await kept({ enrolments, settle: run })).map((each) => [each.id, each.incarnation]),
      );
      expect(possible).toContainEqual(before);
      const after = new Map(before).set(one.id, one.incarnation);
      const outcome = await run(enrolments.add(one));
      if (outcome.result === 'added') possible = [after];
      else if (outcome.result === 'failed') {
        failed += 1;
        const mayTurnUp = outcome.why.includes('turn up again');
        possible = mayTurnUp ? [...possible, before, after] : [before];
        const now = await kept({ enrolments, settle: run });
        expect(new Map(now.map((each) => [each.id, each.incarnation]))).toEqual(before);
      }
      simulated.setDiskFull(false);
    }
    expect(failed).toBeGreaterThan(0);
  });

  it('says that there is no room, and leaves nothing behind', async () => {
    const simulation = createSimulation({ seed: 1 });
    const run = settleIn(simulation);
    const simulated = simulation.host('registry');
    const enrolments = await run(FileEnrolments.open(simulated, '/data', noDamage));
    await run(enrolments.add(enrolment(1)));
    simulated.setDiskFull(true);
    expect(await run(enrolments.add(enrolment(2)))).toEqual({
      result: 'failed',
      noRoom: true,
      why: `/data/${enrolmentsFileName} cannot be written: there is no room`,
    });
    expect(await run(enrolments.remove(enrolment(1)))).toMatchObject({ result: 'failed', noRoom: true });
    expect(await kept({ enrolments, settle: run })).toEqual([enrolment(1)]);
    const names = await run(
      new Promise((resolve) => simulated.disk.list('/data', (outcome) => resolve(outcome))),
    );
    expect(names).toEqual({ ok: true, value: [enrolmentsFileName] });
    simulated.setDiskFull(false);
    expect(await run(enrolments.add(enrolment(2)))).toEqual({ result: 'added' });
  });
});

describe('a damaged file of enrolments', () => {
  const withFolder = async (play: (folder: string, file: string) => Promise<void>): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-enrolments-'));
    try {
      await play(folder, join(folder, enrolmentsFileName));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };

  it('is noticed whichever byte has changed, set aside and reported with its name', async () => {
    await withFolder(async (folder, file) => {
      const first = await FileEnrolments.open(host, folder, noDamage);
      await first.add(enrolment(1));
      const whole = readFileSync(file);
      const prng = new Prng(3);
      for (let round = 0; round < 60; round++) {
        const damaged = Buffer.from(whole);
        const at = prng.below(whole.length);
        damaged[at] = (damaged[at] ?? 0) ^ (1 << prng.below(8));
        writeFileSync(file, damaged);
        const reports: { file: string; keptAs: string }[] = [];
        const enrolments = await FileEnrolments.open(host, folder, (report) => reports.push(report));
        expect(await kept({ enrolments, settle }), `byte ${at}`).toEqual([]);
        expect(reports).toEqual([{ file, keptAs: expect.stringContaining(`${file}.damaged-`) }]);
        expect(readFileSync(reports[0]?.keptAs ?? '')).toEqual(damaged);
        expect(readdirSync(folder)).not.toContain(enrolmentsFileName);
      }
    });
  });

  it.each([
    ['cut', (whole: Buffer) => whole.subarray(0, whole.length / 2)],
    ['empty', () => Buffer.alloc(0)],
    ['zeros', (whole: Buffer) => Buffer.alloc(whole.length)],
    [
      'of a later version',
      (whole: Buffer) => Buffer.from(whole.toString().replace('"version": 1', '"version": 2')),
    ],
    ['too long', (whole: Buffer) => Buffer.concat([whole, Buffer.alloc(2 * 1024 * 1024, ' ')])],
    ['other JSON', () => Buffer.from('{"version":1}')],
  ])('is noticed when it is %s; registering goes on', async (_, damage) => {
    await withFolder(async (folder, file) => {
      const first = await FileEnrolments.open(host, folder, noDamage);
      await first.add(enrolment(1));
      writeFileSync(file, damage(readFileSync(file)));
      const reports: unknown[] = [];
      const enrolments = await FileEnrolments.open(host, folder, (report) => reports.push(report));
      expect(reports).toHaveLength(1);
      expect(await enrolments.add(enrolment(2))).toEqual({ result: 'added' });
      const again = await FileEnrolments.open(host, folder, noDamage);
      expect(await kept({ enrolments: again, settle })).toEqual([enrolment(2)]);
    });
  });

  it('that cannot even be read keeps the registry from starting', async () => {
    await withFolder(async (folder) => {
      const notFolder = join(folder, 'file');
      writeFileSync(notFolder, '');
      await expect(FileEnrolments.open(host, notFolder, noDamage)).rejects.toThrow(
        /^The registrations in .*classic-enrolments\.json cannot be read: make it readable, or/,
      );
    });
  });
});
