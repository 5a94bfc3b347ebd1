import { expect } from 'vitest';
import type { DiskStage } from './disk.ts';
import { fail, list, open, read, succeed, write } from './disk-ask.ts';

export async function makesFolders(stage: DiskStage): Promise<void> {
  const { disk, folder } = stage;
  const deep = `${folder}/a/b/c`;
  await succeed<void>(stage, (done) => disk.makeDirectory(deep, done));
  expect(await list(stage, folder)).toEqual(['a']);
  expect(await list(stage, `${folder}/a/b`)).toEqual(['c']);
  expect(await list(stage, deep)).toEqual([]);
  await write(stage, `${deep}/file`, 'deep');
  // There already, with what is in it.
  await succeed<void>(stage, (done) => disk.makeDirectory(deep, done));
  await succeed<void>(stage, (done) => disk.makeDirectory(folder, done));
  expect(await read(stage, `${deep}/file`)).toBe('deep');
}

export async function makesNoFolderOverFile(stage: DiskStage): Promise<void> {
  const { disk, folder } = stage;
  await write(stage, `${folder}/file`, 'x');
  await fail<void>(stage, 'exists', (done) => disk.makeDirectory(`${folder}/file`, done));
  await fail<void>(stage, 'not-a-directory', (done) => disk.makeDirectory(`${folder}/file/below`, done));
  expect(await read(stage, `${folder}/file`)).toBe('x');
}

export async function lists(stage: DiskStage): Promise<void> {
  const { disk, folder } = stage;
  expect(await list(stage, folder)).toEqual([]);
  const names = ['one', 'two words', 'Ünïcødé-☃', '.hidden', 'x'.repeat(200)];
  for (const name of names) await write(stage, `${folder}/${name}`, name);
  await succeed<void>(stage, (done) => disk.makeDirectory(`${folder}/folder`, done));
  expect(await list(stage, folder)).toEqual([...names, 'folder'].sort());
  await fail<readonly string[]>(stage, 'not-found', (done) => disk.list(`${folder}/none`, done));
  await fail<readonly string[]>(stage, 'not-a-directory', (done) => disk.list(`${folder}/one`, done));
}

export async function opens(stage: DiskStage): Promise<void> {
  const { disk, folder } = stage;
  const path = `${folder}/file`;
  await fail(stage, 'not-found', (done) => disk.open(path, { create: false }, done));
  await fail(stage, 'not-found', (done) => disk.open(`${folder}/none/file`, { create: true }, done));
  expect(await list(stage, folder)).toEqual([]);
  const file = await open(stage, path);
  expect(await succeed<number>(stage, (done) => file.size(done))).toBe(0);
  await succeed<void>(stage, (done) => file.close(done));
  expect(await list(stage, folder)).toEqual(['file']);
  await fail(stage, 'not-a-directory', (done) => disk.open(`${path}/below`, { create: true }, done));
}

export async function opensNoFolder(stage: DiskStage): Promise<void> {
  const { disk, folder } = stage;
  await fail(stage, 'denied', (done) => disk.open(folder, { create: false }, done));
  await fail(stage, 'denied', (done) => disk.open(folder, { create: true }, done));
}

export async function renames(stage: DiskStage): Promise<void> {
  const { disk, folder } = stage;
  await write(stage, `${folder}/new`, 'new bytes');
  await write(stage, `${folder}/current`, 'old');
  const old = await open(stage, `${folder}/current`, false);
  await succeed<void>(stage, (done) => disk.rename(`${folder}/new`, `${folder}/current`, done));
  expect(await list(stage, folder)).toEqual(['current']);
  expect(await read(stage, `${folder}/current`)).toBe('new bytes');
  // Who had the old one open still reads the old one.
  const bytes = await succeed<Uint8Array>(stage, (done) => old.read(0, 100, done));
  expect(new TextDecoder().decode(bytes)).toBe('old');
  await succeed<void>(stage, (done) => old.close(done));
  // Onto itself.
  await succeed<void>(stage, (done) => disk.rename(`${folder}/current`, `${folder}/current`, done));
  expect(await read(stage, `${folder}/current`)).toBe('new bytes');
}

export async function renamesBetweenFolders(stage: DiskStage): Promise<void> {
  const { disk, folder } = stage;
  for (const name of ['left', 'right', 'empty']) {
    await succeed<void>(stage, (done) => disk.makeDirectory(`${folder}/${name}`, done));
  }
  await write(stage, `${folder}/left/file`, 'moved');
  await succeed<void>(stage, (done) => disk.rename(`${folder}/left/file`, `${folder}/right/other`, done));
  expect(await list(stage, `${folder}/left`)).toEqual([]);
  expect(await read(stage, `${folder}/right/other`)).toBe('moved');
  await succeed<void>(stage, (done) => disk.rename(`${folder}/right`, `${folder}/empty`, done));
  expect(await list(stage, folder)).toEqual(['empty', 'left']);
  expect(await read(stage, `${folder}/empty/other`)).toBe('moved');
}

export async function refusesRenames(stage: DiskStage): Promise<void> {
  const { disk, folder } = stage;
  await fail<void>(stage, 'not-found', (done) => disk.rename(`${folder}/none`, `${folder}/x`, done));
  await write(stage, `${folder}/file`, 'x');
  await succeed<void>(stage, (done) => disk.makeDirectory(`${folder}/full/below`, done));
  await fail<void>(stage, 'not-found', (done) => disk.rename(`${folder}/file`, `${folder}/none/x`, done));
  await fail<void>(stage, 'denied', (done) => disk.rename(`${folder}/file`, `${folder}/full`, done));
  await fail<void>(stage, 'not-a-directory', (done) =>
    disk.rename(`${folder}/full`, `${folder}/file`, done),
  );
  await succeed<void>(stage, (done) => disk.makeDirectory(`${folder}/other`, done));
  await fail<void>(stage, 'exists', (done) => disk.rename(`${folder}/other`, `${folder}/full`, done));
  await fail<void>(stage, 'io', (done) => disk.rename(`${folder}/full`, `${folder}/full/below/x`, done));
  expect(await list(stage, folder)).toEqual(['file', 'full', 'other']);
}

export async function removes(stage: DiskStage): Promise<void> {
  const { disk, folder } = stage;
  await write(stage, `${folder}/file`, 'x');
  await succeed<void>(stage, (done) => disk.makeDirectory(`${folder}/full/below`, done));
  await succeed<void>(stage, (done) => disk.remove(`${folder}/file`, done));
  await fail<void>(stage, 'not-found', (done) => disk.remove(`${folder}/file`, done));
  await fail<void>(stage, 'exists', (done) => disk.remove(`${folder}/full`, done));
  await succeed<void>(stage, (done) => disk.remove(`${folder}/full/below`, done));
  await succeed<void>(stage, (done) => disk.remove(`${folder}/full`, done));
  expect(await list(stage, folder)).toEqual([]);
}

export async function keepsRemovedOpen(stage: DiskStage): Promise<void> {
  const { disk, folder } = stage;
  await write(stage, `${folder}/file`, 'still here');
  const file = await open(stage, `${folder}/file`, false);
  await succeed<void>(stage, (done) => disk.remove(`${folder}/file`, done));
  await write(stage, `${folder}/file`, 'another');
  await succeed<void>(stage, (done) => file.write(0, new TextEncoder().encode('S'), done));
  const bytes = await succeed<Uint8Array>(stage, (done) => file.read(0, 100, done));
  expect(new TextDecoder().decode(bytes)).toBe('Still here');
  await succeed<void>(stage, (done) => file.close(done));
  expect(await read(stage, `${folder}/file`)).toBe('another');
}

export async function syncsFolder(stage: DiskStage): Promise<void> {
  const { disk, folder } = stage;
  await write(stage, `${folder}/file`, 'x');
  await succeed<void>(stage, (done) => disk.syncDirectory(folder, done));
  await fail<void>(stage, 'not-found', (done) => disk.syncDirectory(`${folder}/none`, done));
  await fail<void>(stage, 'not-a-directory', (done) => disk.syncDirectory(`${folder}/file`, done));
}
