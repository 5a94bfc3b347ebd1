import { cp, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Cluster, get, metadataOf, put, until, viewOf } from '../testing/cluster.ts';
import type { Environment, Instance } from '../testing/instance.ts';
import { Expected } from './testing/expected.ts';
import { limits } from './testing/limits.ts';

/** Disks that come back as an old copy, empty, or after a long time. */

let cluster: Cluster;
let all: readonly Instance[];
let first: Instance;
let second: Instance;
let third: Instance;
let expected: Expected;

async function start(environment: Environment = {}): Promise<void> {
  cluster = await Cluster.start(3, environment);
  all = cluster.replicas;
  [first, second, third] = all as [Instance, Instance, Instance];
  expected = new Expected(cluster);
}

afterEach(() => cluster?.stop());

it('a data folder put back from a copy of it running: it comes back as another, and has all', async () => {
  await start();
  const copy = `${cluster.folderOf(third)}-copy`;
  await expected.write('kept', 60, all);
  await expected.write('gone', 60, all);
  const copied = cp(cluster.folderOf(third), copy, { recursive: true });
  await expected.write('kept', 60, all);
  await copied;
  await expected.delete('gone', 60, all);
  await expected.write('later', 60, all);
  await expected.check();
  for (let round = 0; round < 2; round++) {
    await third.kill();
    await cluster.wipe(third);
    await cp(copy, cluster.folderOf(third), { recursive: true });
    await expected.write('meanwhile', 20, [first, second]);
    await third.start();
    await third.line(/ joining .*because=(restored|rejoin)/);
    await third.line(/all data taken over/);
    await expected.check();
    await expected.write('after', 60, all);
    await expected.check();
  }
  await rm(copy, { recursive: true });
});

it('a disk wiped: it is let in as another, and has all', async () => {
  await start();
  await expected.write('kept', 100, all);
  await expected.delete('kept', 30, all);
  await expected.check();
  for (const replica of [third, first]) {
    await replica.kill();
    await cluster.wipe(replica);
    await replica.start();
    await expected.check();
    await expected.write('after', 50, all);
    await expected.check();
  }
});

it('a clock a year ahead: what it writes wins for a while, everybody goes on, nothing is lost', async () => {
  await start();
  await expected.write('k', 30, all);
  await third.inject({ kind: 'clock', offsetMs: 365 * 24 * 60 * 60_000 });
  await expected.write('k', 30, all);
  await expected.delete('k', 10, [third]);
  await expected.write('k', 30, [first, second]);
  await expected.check();
  await third.heal();
  await expected.write('k', 30, all);
  await expected.check();
  await Promise.all(all.map((replica) => replica.kill()));
  await Promise.all(all.map((replica) => replica.start()));
  await expected.write('k', 30, all);
  await expected.check();
});

it('a clock eleven years ahead: the others take nothing from it, until its disk is cleared', async () => {
  await start();
  await expected.write('k', 30, all);
  await third.inject({ kind: 'clock', offsetMs: 11 * 365 * 24 * 60 * 60_000 });
  const absurd = await put(third, 'absurd', 1);
  expect(absurd.status).toBe(201);
  for (const replica of [first, second]) await replica.line(/sends stamps years ahead/);
  await expected.write('k', 30, [first, second]);
  for (const replica of [first, second]) {
    expect((await get(replica, 'absurd', metadataOf(absurd))).status).toBe(503);
    expect((await get(replica, 'absurd')).status).toBe(404);
  }
  // It takes from the others all the while.
  await until(
    async () => (await get(third, 'k29')).status === 200,
    'it has what the others wrote',
    limits.waitMs,
  );
  // A clock that is set right is not enough: what it wrote already keeps its stamps.
  await third.kill();
  await cluster.wipe(third);
  await third.start();
  await expected.write('k', 30, all);
  await expected.check();
  expect((await get(third, 'absurd')).status).toBe(404);
});

it('dead through many deletes: nothing of them returns, and they are forgotten once it is back', async () => {
  await start({ LOG_LEVEL: 'debug' });
  await expected.write('k', 300, all);
  await expected.check();
  await third.kill();
  await expected.delete('k', 300, [first, second]);
  await expected.write('other', 50, [first, second]);
  for (const replica of [first, second]) {
    expect(replica.lines.some((line) => /deletes forgotten/.test(line))).toBe(false);
  }
  await third.start();
  await expected.check();
  for (const replica of all) await replica.line(/deletes forgotten/);
  await expected.check();
});

it('removed, and deletes elsewhere: what may be deleted is set aside, the rest comes back', async () => {
  await start({ LOG_LEVEL: 'debug' });
  await expected.write('k', 50, all);
  await expected.check();
  await cluster.isolate(third);
  for (const replica of [first, second]) await replica.line(new RegExp(`cut off peer=${third.address}`));
  // Acknowledged by the third alone, before and after the deletes that the others will have forgotten.
  expect((await put(third, 'early', 'of the third')).status).toBe(201);
  await first.ask('DELETE', '/view', { 'socket-address': third.address });
  await until(async () => !(await viewOf(second)).includes(third.address), 'it is out', limits.waitMs);
  await expected.delete('k', 25, [first, second]);
  for (const replica of [first, second]) await replica.line(/deletes forgotten/);
  const late = metadataOf(await put(third, 'late', 'of the third'));
  expect((await put(third, 'k40', 'of the third', late)).status).toBe(200);

  await third.kill();
  await Promise.all([first.heal(), second.heal()]);
  await third.start();
  await third.line(/status=quarantined/);
  await cluster.whole();
  expect(await setAside(cluster.folderOf(third))).toEqual(['early']);
  for (const replica of all) {
    const has = async (): Promise<boolean> => (await get(replica, 'late')).body.value === 'of the third';
    await until(has, 'what came later is handed in', limits.waitMs);
    expect((await get(replica, 'k40')).body.value).toBe('of the third');
    expect((await get(replica, 'early')).status).toBe(404);
    expect((await get(replica, 'k10')).status).toBe(404);
  }
});

/** Keys in the quarantine files of a data folder. */
async function setAside(folder: string): Promise<string[]> {
  const files = (await readdir(folder)).filter((name) => /^quarantine-.*\.jsonl$/.test(name));
  const texts = await Promise.all(files.map((name) => readFile(path.join(folder, name), 'utf8')));
  const lines = texts.flatMap((text) => text.split('\n').filter((line) => line !== ''));
  return lines.map((line) => (JSON.parse(line) as { key: string }).key);
}
