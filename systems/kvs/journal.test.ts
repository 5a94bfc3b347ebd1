import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Cluster, get, metadataOf, put, until } from './testing/cluster.ts';
import { Instance } from './testing/instance.ts';
import { limits } from './testing/limits.ts';
import { freePort } from './testing/ports.ts';

/** What is said and served when a journal is not what was written. */

const endings: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  await Promise.all(endings.splice(0).map((end) => end()));
});

/** Changes one byte of where the text stands in the journal. */
async function damage(folder: string, text: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    const at = (await readFile(file)).indexOf(text);
    if (at < 0) continue;
    const handle = await open(file, 'r+');
    await handle.write(Buffer.from([0xff]), 0, 1, at);
    await handle.close();
    return;
  }
  throw new Error(`There is no ${text} in ${folder}.`);
}

it('one store says file and offset, and serves what is left', { timeout: limits.testMs }, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-kvs-'));
  const kvs = await new Instance(await freePort(), { DATA_DIR: folder }).start();
  endings.push(async () => {
    await kvs.kill();
    await rm(folder, { recursive: true, force: true });
  });
  for (const key of ['before', 'hit-by-damage', 'after']) {
    expect((await kvs.ask('PUT', `/kvs/${key}`, { value: 1 })).status).toBe(201);
  }
  await kvs.kill();
  await damage(path.join(folder, 'journal'), 'hit-by-damage');
  await kvs.start();
  expect(await kvs.line(/status=damaged/)).toMatch(/ ERROR .*file=\S+ offset=\d+ where=middle/);
  expect((await kvs.ask('GET', '/kvs/before')).status).toBe(200);
  expect((await kvs.ask('GET', '/kvs/hit-by-damage')).status).toBe(404);
  expect((await kvs.ask('PUT', '/kvs/after', { value: 2 })).status).toBeLessThan(300);
});

it('a replica gets from its peers what its disk has lost', { timeout: limits.testMs }, async () => {
  const cluster = await Cluster.start(2);
  endings.push(() => cluster.stop());
  const [first, second] = cluster.replicas as [Instance, Instance];
  let metadata: unknown = null;
  for (const key of ['before', 'hit-by-damage', 'after']) {
    metadata = metadataOf(await put(first, key, 1, metadata));
  }
  await until(async () => (await get(second, 'after', metadata)).status === 200, 'the second has it');
  await first.kill();
  await damage(path.join(cluster.folderOf(first), 'journal'), 'hit-by-damage');
  await first.start();
  await first.line(/status=damaged/);
  for (const key of ['before', 'hit-by-damage', 'after']) {
    await until(async () => (await get(first, key, metadata)).status === 200, `it has ${key} again`);
  }
});
