import { expect } from 'vitest';
import type { DiskFile } from '../disk.ts';
import type { DiskStage } from './disk.ts';
import { fail, list, open, read, succeed, write } from './disk-ask.ts';
import { expectEqualBytes, pattern } from './network-pair.ts';

export async function needsRoom(stage: DiskStage): Promise<void> {
  const { disk, folder, faults } = stage;
  await write(stage, `${folder}/kept`, 'kept');
  await write(stage, `${folder}/gone`, 'gone');
  const file = await open(stage, `${folder}/kept`, false);
  const id = faults.inject({ kind: 'disk', full: true });
  await fail<void>(stage, 'full', (done) => file.write(0, new Uint8Array(1), done));
  await fail(stage, 'full', (done) => disk.open(`${folder}/new`, { create: true }, done));
  await fail<void>(stage, 'full', (done) => disk.makeDirectory(`${folder}/folder`, done));
  expect(await list(stage, folder)).toEqual(['gone', 'kept']);
  expect(await read(stage, `${folder}/kept`)).toBe('kept');
  await succeed<void>(stage, (done) => file.sync(done));
  await succeed<void>(stage, (done) => file.truncate(2, done));
  await succeed<void>(stage, (done) => disk.rename(`${folder}/kept`, `${folder}/renamed`, done));
  await succeed<void>(stage, (done) => disk.remove(`${folder}/gone`, done));
  await succeed<void>(stage, (done) => disk.syncDirectory(folder, done));
  faults.heal(id);
  await succeed<void>(stage, (done) => file.write(2, new TextEncoder().encode('lt'), done));
  await succeed<void>(stage, (done) => file.close(done));
  expect(await list(stage, folder)).toEqual(['renamed']);
  expect(await read(stage, `${folder}/renamed`)).toBe('kelt');
}

export async function failsAlone(stage: DiskStage): Promise<void> {
  const { disk, folder, faults } = stage;
  const path = `${folder}/file`;
  const bytes = pattern(10_000, 7);
  const plain = await open(stage, path);
  const through = await succeed<DiskFile>(stage, (done) =>
    disk.open(path, { create: false, writeThrough: true }, done),
  );
  await succeed<void>(stage, (done) => plain.write(0, bytes, done));
  const id = faults.inject({ kind: 'disk', full: true });
  for (const file of [plain, through]) {
    await fail<void>(stage, 'full', (done) => file.write(4000, new Uint8Array(2000), done));
  }
  faults.heal(id);
  await succeed<void>(stage, (done) => plain.sync(done));
  const back = await succeed<Uint8Array>(stage, (done) => plain.read(0, 20_000, done));
  // Of what failed any part may be there; of the rest all is.
  back.set(bytes.subarray(4000, 6000), 4000);
  expectEqualBytes(back, bytes);
  for (const file of [plain, through]) {
    await succeed<void>(stage, (done) => file.write(4000, bytes.subarray(4000, 6000), done));
  }
  expectEqualBytes(await succeed<Uint8Array>(stage, (done) => through.read(0, 20_000, done)), bytes);
  for (const file of [plain, through]) await succeed<void>(stage, (done) => file.close(done));
}
