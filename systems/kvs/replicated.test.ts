import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, del, get, metadataOf, put, until } from './testing/cluster.ts';
import type { Told } from './testing/instance.ts';
import { limits } from './testing/limits.ts';

/** What three replicas answer, all of them well. */

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start(3);
}, limits.testMs);

afterAll(() => cluster?.stop());

/** As clients do it: what is refused because something it depends on has not arrived yet is asked again. */
async function covered(ask: () => Promise<Told>): Promise<Told> {
  let told = await ask();
  await until(async () => {
    if (told.status === 503) told = await ask();
    return told.status !== 503;
  }, 'the replica covers it');
  return told;
}

const uncovered = { error: 'Causal dependencies not satisfied; try again later' };

describe('a key on several replicas', () => {
  it('is created, replaced, found and deleted, whichever replica is asked, in causal order', async () => {
    const created = await covered(() => put(cluster.at(0), 'a', { n: 1 }));
    expect(created).toMatchObject({ status: 201, body: { result: 'created' } });
    const found = await covered(() => get(cluster.at(1), 'a', metadataOf(created)));
    expect(found).toMatchObject({ status: 200, body: { result: 'found', value: { n: 1 } } });
    const replaced = await covered(() => put(cluster.at(2), 'a', null, metadataOf(found)));
    expect(replaced).toMatchObject({ status: 200, body: { result: 'replaced' } });
    const again = await covered(() => get(cluster.at(0), 'a', metadataOf(replaced)));
    expect(again.text).toMatch(/^\{"result":"found","value":null,"causal-metadata":"[\w-]+"\}$/);
    const deleted = await covered(() => del(cluster.at(1), 'a', metadataOf(again)));
    expect(deleted).toMatchObject({ status: 200, body: { result: 'deleted' } });
    const gone = await covered(() => get(cluster.at(2), 'a', metadataOf(deleted)));
    expect(gone).toMatchObject({ status: 404, body: { error: 'Key does not exist' } });
    const twice = await covered(() => del(cluster.at(2), 'a', metadataOf(gone)));
    expect(twice).toMatchObject({ status: 404, body: { error: 'Key does not exist' } });
    for (const { body } of [created, found, replaced, again, deleted, gone, twice]) {
      expect(body['causal-metadata']).toMatch(/^[\w-]+$/);
    }
  });

  it('is answered without metadata as well, and metadata may be empty', async () => {
    const told = await cluster.at(0).ask('GET', '/kvs/never');
    expect(told).toMatchObject({ status: 404, body: { 'causal-metadata': '' } });
    for (const metadata of [null, undefined, '']) {
      expect((await get(cluster.at(0), 'never', metadata)).status).toBe(404);
    }
  });

  it('takes metadata from a header; that of the body counts more', async () => {
    const token = String(metadataOf(await put(cluster.at(0), 'header', 1)));
    const headers = { 'causal-metadata': token };
    const byHeader = () => cluster.at(1).ask('GET', '/kvs/header', undefined, headers);
    expect((await covered(byHeader)).status).toBe(200);
    const forged = { 'causal-metadata': 'forged' };
    expect((await cluster.at(1).ask('GET', '/kvs/header', undefined, forged)).status).toBe(503);
    const both = await cluster.at(1).ask('GET', '/kvs/header', { 'causal-metadata': token }, forged);
    expect(both.status).toBe(200);
  });

  it.each([
    ['forged', 'forged'],
    ['no text', 5],
    ['an object', { clock: [1, 2] }],
    ['long', 'A'.repeat(500_000)],
    ['of a replica that does not exist', 'AQEAAan12Y9gvUceAw'],
  ])('answers 503 to metadata that is %s, for reads and for writes', async (_what, metadata) => {
    for (const ask of [get, del]) {
      const startedMs = performance.now();
      const told = await ask(cluster.at(0), 'a', metadata);
      expect(told).toMatchObject({ status: 503, body: uncovered });
      expect(told.headers.get('retry-after')).toBe('1');
      expect(performance.now() - startedMs).toBeLessThan(2_000);
    }
    expect(await put(cluster.at(0), 'refused', 1, metadata)).toMatchObject({
      status: 503,
      body: uncovered,
    });
    expect((await get(cluster.at(0), 'refused')).status).toBe(404);
  });
});

describe('copies', () => {
  it('waits for as many disks', async () => {
    const told = await cluster.at(0).ask('PUT', '/kvs/copies', { value: 1, copies: 3 });
    expect(told).toMatchObject({ status: 201, body: { result: 'created' } });
    const deleted = await cluster.at(0).ask('DELETE', '/kvs/copies', undefined, { copies: '2' });
    expect(deleted).toMatchObject({ status: 200, body: { result: 'deleted' } });
  });

  it.each([0, 4, -1, 1.5, 'two', true, {}])('%j is refused, nothing is written', async (copies) => {
    const told = await cluster.at(0).ask('PUT', '/kvs/refused', { value: 1, copies });
    expect(told).toMatchObject({
      status: 400,
      body: { error: 'copies must be a whole number from 1 to 3, the number of replicas' },
    });
    expect((await get(cluster.at(0), 'refused')).status).toBe(404);
  });
});

describe('a listing', () => {
  it('has pages of keys in order, and gives the metadata back', async () => {
    let metadata: unknown = null;
    for (const key of ['list/c', 'list/a', 'list/b', 'lisz']) {
      metadata = metadataOf(await put(cluster.at(0), key, 1, metadata));
    }
    const list = (query: string) =>
      cluster.at(1).ask('GET', `/kvs?${query}`, { 'causal-metadata': metadata });
    const first = await covered(() => list('prefix=list/&limit=2'));
    expect(first).toMatchObject({ status: 200, body: { keys: ['list/a', 'list/b'], next: 'list/b' } });
    expect(metadataOf(first)).toBe(metadata);
    const second = await list('prefix=list/&limit=2&after=list%2Fb');
    expect(second.body).toMatchObject({ keys: ['list/c'], next: null });
    expect((await cluster.at(1).ask('GET', '/kvs', { 'causal-metadata': 'forged' })).status).toBe(503);
  });

  it.each(['limit=0', 'limit=1001', 'limit=x', 'limit=1&limit=2', 'prefix=a&prefix=b', 'after=a&after=b'])(
    '%s is refused',
    async (query) => {
      expect((await cluster.at(0).ask('GET', `/kvs?${query}`)).status).toBe(400);
    },
  );
});

describe('the view', () => {
  it('has the replicas in the order they joined', async () => {
    for (const replica of cluster.replicas) {
      const told = await replica.ask('GET', '/view');
      expect(told).toMatchObject({ status: 200, body: { view: cluster.addresses } });
    }
  });

  it('tells what changed', async () => {
    const one = { 'socket-address': '127.0.0.1:1' };
    const ask = (method: string, at = 0) => cluster.at(at).ask(method, '/view', one);
    expect(await ask('PUT')).toMatchObject({ status: 201, body: { result: 'added' } });
    expect(await ask('PUT')).toMatchObject({ status: 200, body: { result: 'already present' } });
    await until(async () => (await ask('PUT', 1)).status === 200, 'the others know');
    expect(await ask('DELETE')).toMatchObject({ status: 200, body: { result: 'deleted' } });
    expect(await ask('DELETE')).toMatchObject({
      status: 404,
      body: { error: 'View has no such replica' },
    });
  });

  it('takes another text for another replica, also where it leads to the same process', async () => {
    const { port } = cluster.at(1);
    for (const alias of [`localhost:${port}`, `127.1:${port}`]) {
      const ask = (method: string) => cluster.at(0).ask(method, '/view', { 'socket-address': alias });
      expect((await ask('PUT')).status).toBe(201);
      expect((await cluster.at(0).ask('GET', '/view')).body).toEqual({ view: cluster.addresses });
      expect((await ask('DELETE')).status).toBe(200);
    }
  });

  it('decides changes of one address one after the other, however close they come', async () => {
    const one = { 'socket-address': '127.0.0.1:2' };
    const atOnce = async (method: string): Promise<number[]> => {
      const all = Array.from({ length: 5 }, () => cluster.at(0).ask(method, '/view', one));
      return (await Promise.all(all)).map(({ status }) => status).sort();
    };
    expect(await atOnce('PUT')).toEqual([200, 200, 200, 200, 201]);
    expect(await atOnce('DELETE')).toEqual([200, 404, 404, 404, 404]);
  });

  it('takes only host:port, and says so without what was sent', async () => {
    for (const text of [
      ' 127.0.0.1:9',
      'a\nb:80',
      'http//x:80',
      '127.0.0.1:00080',
      'x?y#z:1',
      'x\u202e:80',
    ]) {
      const told = await cluster.at(0).ask('PUT', '/view', { 'socket-address': text });
      expect(told.status).toBe(400);
      expect(told.body.error).toMatch(/^A socket address is host:port, such as 10\.0\.0\.1:8090: [ -~]+$/);
    }
  });

  it.each([
    undefined,
    {},
    [],
    { 'socket-address': 7 },
    { 'socket-address': 'x' },
    { 'socket-address': 'x:0' },
    { 'socket-address': 'x:99999' },
    // Half of a character: other replicas would read another address.
    { 'socket-address': '\ud800:80' },
    { 'socket-address': '' },
    { 'socket-address': `${'x'.repeat(300)}:80` },
  ])('%j is no replica', async (body) => {
    for (const method of ['PUT', 'DELETE']) {
      expect((await cluster.at(0).ask(method, '/view', body)).status).toBe(400);
    }
  });
});
